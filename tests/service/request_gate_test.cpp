#include "service/request_gate.hpp"

#include <gtest/gtest.h>

#include <latch>
#include <thread>

namespace ottobot::service {
namespace {

// Enough of an exchange to be passed through.
class NoExchange final : public net::Exchange {
 public:
  const net::RequestHead& request() const override { return head_; }
  std::stop_token client_gone() const override { return {}; }
  bool body_complete() const override { return true; }
  Result<std::string> read_body(std::size_t) override { return std::string(); }
  Result<std::size_t> read(std::span<char>) override { return 0u; }
  void respond(net::Response) override {}
  Result<void> start(int, net::Headers) override { return {}; }
  Result<void> write(std::string_view) override { return {}; }
  void finish() override {}
  std::shared_ptr<net::ResponseStream> start_stream(int, net::Headers, net::ResponseStreamObserver) override {
    return nullptr;
  }
  void upgrade_and_bridge(std::string_view, const net::Headers&, net::Upstream) override {}
  Result<std::shared_ptr<net::WebSocket>> accept_websocket(const net::WebSocketOptions&,
                                                           std::shared_ptr<net::WebSocketObserver>) override {
    return unsupported("none");
  }

 private:
  net::RequestHead head_;
};

TEST(RequestGate, RefusesUntilOpenedAndAfterClose) {
  RequestGate gate;
  int served = 0, refused = 0;
  auto handler = gate.guard([&](net::Exchange&) { ++served; }, [&](net::Exchange&) { ++refused; });
  NoExchange exchange;
  handler(exchange);
  EXPECT_EQ(refused, 1);
  gate.open();
  handler(exchange);
  EXPECT_EQ(served, 1);
  gate.close();
  handler(exchange);
  EXPECT_EQ(refused, 2);
  EXPECT_EQ(served, 1);
}

TEST(RequestGate, WaitsForRequestsThatWereLetIn) {
  RequestGate gate;
  gate.open();
  std::latch inside(1), leave(1);
  auto handler = gate.guard(
      [&](net::Exchange&) {
        inside.count_down();
        leave.wait();
      },
      [](net::Exchange&) {});
  std::thread client([&] {
    NoExchange exchange;
    handler(exchange);
  });
  inside.wait();
  gate.close();
  EXPECT_FALSE(gate.wait_until_idle(std::chrono::milliseconds(0)));
  leave.count_down();
  EXPECT_TRUE(gate.wait_until_idle(std::chrono::seconds(10)));
  client.join();
}

}  // namespace
}  // namespace ottobot::service
