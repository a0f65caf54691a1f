// JSON form of Implementation (clientInfo, serverInfo), the same in both eras.
#pragma once

#include "ottobot/mcp/types.hpp"

namespace ottobot::mcp {

Json to_json(const Implementation& info);
// Missing members stay empty.
Implementation implementation_from_json(const Json& json);

}  // namespace ottobot::mcp
