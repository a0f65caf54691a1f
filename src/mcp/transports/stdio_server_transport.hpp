// MCP over standard input and output, server side, both eras in one session (stdio chapter of revisions 2025-11-25 and
// 2026-07-28).
//
// Tool calls run side by side on threads of their own; everything else is answered in order on the calling thread.
#pragma once

#include <chrono>

#include "ottobot/mcp/server.hpp"

namespace ottobot::mcp {

struct StdioServerOptions {
  int in_fd = 0, out_fd = 1;  // borrowed; may be in blocking mode. Nothing else may write to out_fd
  std::size_t max_message_bytes = 64 << 20;
  std::size_t max_running_calls = 32;
  std::size_t max_waiting_calls = 1024;   // beyond, calls are refused
  std::chrono::milliseconds drain{2000};  // how long calls may go on when the input has ended
};

// Serves one client until its input ends, its output is closed, or ctx ends; then cancels what still runs and waits for
// it. Errors: resource_exhausted (a message over the limit), those of read.
Result<void> serve_stdio(Server& server, const StdioServerOptions& options, const CallContext& ctx);

}  // namespace ottobot::mcp
