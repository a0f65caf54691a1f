// The tools that the conformance suite calls: their names and answers are the suite's.
#pragma once

#include "ottobot/mcp/server.hpp"

namespace ottobot::conformance {

Result<void> add_fixture_tools(mcp::Server& server);

}  // namespace ottobot::conformance
