// Media types of a request's Accept and Content-Type (RFC 9110 §12.5.1, §8.3).
#pragma once

#include <string_view>

#include "net/http_types.hpp"

namespace ottobot::mcp {

// Whether `type` ("text/html") is listed, or covered by a wildcard. A request without Accept takes anything.
bool accepts(const net::Headers& headers, std::string_view type);
// Whether Content-Type is application/json, parameters aside.
bool is_json(const net::Headers& headers);

}  // namespace ottobot::mcp
