#include "api/bridged_socket.hpp"

#include <fcntl.h>
#include <sys/socket.h>

namespace ottobot::api {
namespace {

// A client's connection as long as it is open. It has the other server's socket once more, to end it.
class BridgedSocket final : public OpenSocket {
 public:
  BridgedSocket(std::shared_ptr<Context> context, Caller caller, SocketSlot slot, net::UniqueFd socket)
      : context_(std::move(context)), caller_(std::move(caller)), slot_(std::move(slot)), socket_(std::move(socket)) {}
  ~BridgedSocket() override { context_->sockets.remove(this); }

  void shut_down() override { ::shutdown(socket_.get(), SHUT_RDWR); }
  const Caller& caller() const override { return caller_; }
  void turn_away() override { shut_down(); }

 private:
  const std::shared_ptr<Context> context_;
  const Caller caller_;
  const SocketSlot slot_;
  const net::UniqueFd socket_;
};

}  // namespace

bool is_websocket(const net::RequestHead& head) { return head.headers.has_token("Upgrade", "websocket"); }

net::Headers websocket_fields(const net::Headers& answer) {
  constexpr std::string_view kPrefix = "Sec-WebSocket-";
  net::Headers fields;
  for (const auto& [name, value] : answer) {
    if (net::equals_ignore_case(name.substr(0, kPrefix.size()), kPrefix)) fields.add(name, value);
  }
  return fields;
}

Result<void> bridge_websocket(Context& context, Request& request, net::RawStream stream, const net::Headers& switched) {
  auto slot = context.user_sockets.enter(request);
  if (!slot) return {};
  net::UniqueFd again(::fcntl(stream.fd.get(), F_DUPFD_CLOEXEC, 0));
  if (!again) return errno_error("the other server's connection", errno);
  const auto socket =
      std::make_shared<BridgedSocket>(context.shared_from_this(), request.caller(), std::move(*slot), std::move(again));
  if (!context.sockets.add(socket)) socket->shut_down();
  request.exchange().upgrade_and_bridge("websocket", switched,
                                        {std::move(stream.fd), std::move(stream.early_bytes), socket});
  return {};
}

}  // namespace ottobot::api
