// An MCP server: tools behind JSON-RPC, both protocol eras, no I/O of its own.
//
// Register tools, then give it to a transport (Streamable HTTP, stdio, in-process), which calls handle() from many
// threads at once. Handlers run on the transport's thread and may block.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "ottobot/call_context.hpp"
#include "ottobot/mcp/types.hpp"
#include "ottobot/mcp_transport.hpp"

namespace ottobot::mcp {

// How bad it is, as in RFC 5424.
enum class LoggingLevel { debug, info, notice, warning, error, critical, alert, emergency };

// What a handler sees of the call that it serves. Borrowed during the handler.
class ToolCall {
 public:
  virtual ~ToolCall() = default;
  virtual const std::string& name() const = 0;
  virtual const Json& args() const = 0;  // always an object
  virtual const Json& meta() const = 0;  // params._meta; null if none
  // notifications/progress, when the caller gave a progressToken; never blocks for long. `total` 0 = unknown.
  virtual void progress(double progress, double total, const std::string& message) = 0;
  // notifications/message with any JSON value, when the caller wants that level (legacy era: what logging/setLevel
  // said, info if nothing; modern: what the request says, nothing if nothing); never blocks for long.
  virtual void log(LoggingLevel level, const Json& data) = 0;
};

// ctx.stop fires when the caller cancels, or (modern era) closes the stream. An Error becomes a result with isError
// that shows message and hint to the model.
using ToolHandler = std::function<Result<CallToolResult>(ToolCall& call, const CallContext& ctx)>;

// Asked about each call of a known tool before anything else looks at it, on the transport's thread; must not block.
// `meta` is params._meta, null if none. An Error becomes a JSON-RPC error: fenced as such, all others invalid params.
using CallGuard = std::function<Result<void>(const Json& meta)>;

struct ServerOptions {
  Implementation info{"ottobot", "0"};
  std::string instructions;
  std::chrono::milliseconds call_timeout{0};  // deadline of every handler; 0 = none
  CallGuard call_guard{};                     // empty = every call is welcome
};

// The peer at the other end of one connection or session: which era it speaks, what runs for it.
class ServerSession;

class Server {
 public:
  explicit Server(ServerOptions options);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Before the first handle(). The order is that of tools/list. Arguments that break the input schema (JSON Schema
  // 2020-12) never reach the handler: they become a result with isError that tells the model what to mend; so does a
  // result that breaks the output schema. Errors: invalid_argument (name, handler, a schema that cannot be used),
  // already_exists.
  Result<void> add_tool(Tool tool, ToolHandler handler);

  // In the order of tools/list; valid while the server lives.
  std::vector<const Tool*> tools() const;

  // A legacy session (after initialize) or one modern request's scope. Thread-safe; running calls are cancelled by
  // destroying the last reference.
  std::shared_ptr<ServerSession> make_session();

  // One message from the peer. A request: blocks until its response, which is returned; what the server sends meanwhile
  // (progress) goes to `out` on this thread or a tool's. A notification: null. Malformed: a JSON-RPC error response.
  Json handle(const Json& message, ServerSession& session, McpMessageSink& out, const CallContext& ctx);

  const ServerOptions& options() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace ottobot::mcp
