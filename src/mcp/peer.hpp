// The client's way to exchange one request: ids, envelope of the era, answers to what the server asks meanwhile.
#pragma once

#include <atomic>
#include <functional>
#include <string>

#include "mcp/jsonrpc.hpp"
#include "ottobot/mcp/client.hpp"

namespace ottobot::mcp {

using NotificationHandler = std::function<void(const Incoming& notification)>;

// Thread-safe. Both arguments are borrowed.
class Peer {
 public:
  Peer(McpTransport& transport, const Implementation& client) : transport_(transport), client_(client) {}

  std::int64_t next_id() { return next_id_++; }
  // Blocks for the response to `method`. An `era` of modern adds the envelope to params. Errors: those of McpTransport.
  Result<RpcResult<Json>> request(Era era, std::int64_t id, std::string_view method, Json params,
                                  const NotificationHandler& on_notification, const CallContext& ctx);
  Result<RpcResult<Json>> request(Era era, std::string_view method, Json params, const CallContext& ctx) {
    return request(era, next_id(), method, std::move(params), {}, ctx);
  }
  Result<void> notify(std::string_view method, Json params, const CallContext& ctx);

  McpTransport& transport() { return transport_; }

 private:
  McpTransport& transport_;
  const Implementation& client_;
  std::atomic<std::int64_t> next_id_ = 1;
};

}  // namespace ottobot::mcp
