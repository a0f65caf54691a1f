// McpTransport: JSON-RPC messages to one MCP peer and back, client side.
//
// Used by mcp::Client; thread-safe: requests run side by side. The transport knows framing, headers and streams,
// nothing of what the messages mean beyond what the transport's own specification ties to them (Streamable HTTP and
// stdio of the Model Context Protocol, revisions 2025-11-25 and 2026-07-28). An implementer passes ottobot::testing's
// McpTransportContract.
#pragma once

#include <memory>
#include <string>

#include "ottobot/call_context.hpp"
#include "ottobot/json.hpp"

namespace ottobot {

// Messages of the peer that belong to a running request (progress, logging, its own requests), on the requesting
// thread.
class McpMessageSink {
 public:
  virtual ~McpMessageSink() = default;
  virtual void on_message(const Json& message) = 0;  // valid during the call
};

class McpTransport {
 public:
  virtual ~McpTransport() = default;  // as close()

  // Sends a JSON-RPC request (it has an id) and blocks for the response with that id, which is returned whole, error
  // responses included. Errors: unavailable (peer not there, connection lost: whether it ran is unknown),
  // unauthenticated, not_found (the session ended), internal (the peer broke the protocol), cancelled,
  // deadline_exceeded: these two abandon the request, and tell the peer nothing unless closing the stream is that era's
  // cancellation.
  virtual Result<Json> request(const Json& message, McpMessageSink& sink, const CallContext& ctx) = 0;
  // Sends a notification or a response.
  virtual Result<void> send(const Json& message, const CallContext& ctx) = 0;
  // What the peers agreed on; goes into headers from now on. Empty = not agreed yet.
  virtual void set_protocol_version(const std::string& version) = 0;
  // Ends the session with the peer; running requests fail with cancelled. May be repeated.
  virtual void close() = 0;
};

}  // namespace ottobot
