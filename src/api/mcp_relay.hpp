// A session's own MCP port: /mcp of its sandbox, with the sandbox's token added.
#pragma once

#include "api/context.hpp"

namespace ottobot::api {

// `context` must outlive the router.
void add_mcp_routes(Router& router, Context& context, const std::string& session_id);

}  // namespace ottobot::api
