// What differs between the protocol eras on the server side; the methods they share are the Server's.
#pragma once

#include <optional>

#include "mcp/jsonrpc.hpp"
#include "mcp/logging_level.hpp"
#include "mcp/server_session.hpp"

namespace ottobot::mcp {

// Stateless itself; thread-safe.
class ServerEra {
 public:
  virtual ~ServerEra() = default;
  // Whether the era lets this request run at all.
  virtual RpcResult<void> admit(const Incoming& request, const SessionState& session) const = 0;
  // The outcome of a method that only this era has; nullopt when `request` is for none of these.
  virtual std::optional<RpcResult<Json>> serve(const Incoming& request, SessionState& session) const = 0;
  // What the caller can do (ClientCapabilities), and from which level on it wants to read log messages.
  virtual Json client_capabilities(const Incoming& request, const SessionState& session) const = 0;
  virtual std::optional<LoggingLevel> log_level(const Incoming& request, const SessionState& session) const = 0;
  // Completes the result of `method` to the era's form.
  virtual void complete(std::string_view method, Json& result) const = 0;
};

}  // namespace ottobot::mcp
