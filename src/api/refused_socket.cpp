#include "api/refused_socket.hpp"

#include "api/errors.hpp"
#include "api/router.hpp"

namespace ottobot::api {
namespace {

class Silent final : public net::WebSocketObserver {
 public:
  void on_message(std::string, bool) override {}
  void on_drained() override {}
  void on_close(int) override {}
};

}  // namespace

void refuse_socket(Request& request, const Refusal& refusal, const net::WebSocketOptions& options, const Json& frame) {
  if (refusal.status != 401 || !request.head().headers.has_token("Upgrade", "websocket")) {
    return request.exchange().respond(error_response(refusal.status, refusal.error));
  }
  auto client = request.exchange().accept_websocket(options, std::make_shared<Silent>());
  if (!client) return;
  if (!frame.is_null()) (*client)->send_text(dump_json(frame));
  (*client)->close(kBadCredentials, "bad credentials");
}

}  // namespace ottobot::api
