// A session's own MCP port: /mcp of its sandbox, with the sandbox's token added.
#pragma once

#include "api/context.hpp"

namespace ottobot::api {

// `router` is the session's own; `context` must outlive it.
void add_mcp_routes(Router& router, Context& context);

}  // namespace ottobot::api
