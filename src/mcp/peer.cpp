#include "mcp/peer.hpp"

#include "mcp/modern_era.hpp"

namespace ottobot::mcp {

namespace {

constexpr std::chrono::milliseconds kAnswerTimeout{5000};

// Hands notifications on and answers the server's own requests, of which only ping is known here.
class RequestSink final : public McpMessageSink {
 public:
  RequestSink(McpTransport& transport, const NotificationHandler& on_notification, const CallContext& ctx)
      : transport_(transport), on_notification_(on_notification), ctx_(ctx) {}

  void on_message(const Json& message) override {
    const auto incoming = parse_message(message);
    if (!incoming) return;
    if (incoming->kind == Incoming::Kind::notification && on_notification_) on_notification_(*incoming);
    if (incoming->kind == Incoming::Kind::request) answer(*incoming);
  }

 private:
  void answer(const Incoming& request) {
    const Json response =
        request.method == "ping"
            ? make_response(*request.id, Json::object())
            : make_error_response(*request.id, {rpc_code::kMethodNotFound,
                                                "Method not found: " + std::string(request.method), nullptr});
    // If it is lost, the server's own time-out tells it.
    (void)transport_.send(response, ctx_.within(kAnswerTimeout));
  }

  McpTransport& transport_;
  const NotificationHandler& on_notification_;
  const CallContext& ctx_;
};

}  // namespace

Result<RpcResult<Json>> Peer::request(Era era, std::int64_t id, std::string_view method, Json params,
                                      const NotificationHandler& on_notification, const CallContext& ctx) {
  if (era == Era::modern) modern::add_envelope(params, client_);
  RequestSink sink(transport_, on_notification, ctx);
  auto response = transport_.request(make_request(id, method, std::move(params)), sink, ctx);
  if (!response) return fail(response.error());
  return parse_response(std::move(*response));
}

Result<void> Peer::notify(std::string_view method, Json params, const CallContext& ctx) {
  return transport_.send(make_notification(method, std::move(params)), ctx);
}

}  // namespace ottobot::mcp
