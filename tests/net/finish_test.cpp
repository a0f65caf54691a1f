#include "net/server/finish.hpp"

#include <atomic>
#include <future>
#include <thread>
#include <vector>

#include "net/server_fixture.hpp"

namespace ottobot::net {
namespace {

using namespace std::chrono_literals;
using test::RawClient;

constexpr std::string_view kGet = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
constexpr auto kPatience = 10s;

class FinishTest : public test::ServerFixture {
 protected:
  void SetUp() override {
    serve([](Exchange& exchange) { exchange.respond({200, {}, "here"}); });
  }
  std::future<bool> finish(std::chrono::milliseconds patience) {
    return std::async(std::launch::async, [this, patience] { return net::finish(*listener_, patience); });
  }
  // A connection that was answered once and is kept.
  RawClient kept() {
    RawClient client = connect();
    client.send(kGet);
    EXPECT_EQ(client.response().field("Connection"), "keep-alive");
    return client;
  }
};

TEST_F(FinishTest, AnswersOnceMoreWhoeverHasAConnectionAndSaysThatItWasTheLastTime) {
  RawClient client = kept(), silent = connect();
  auto done = finish(kPatience);
  EXPECT_EQ(done.wait_for(300ms), std::future_status::timeout) << "somebody may ask yet";
  for (RawClient* each : {&client, &silent}) {
    each->send(kGet);
    const auto last = each->response();
    EXPECT_EQ(last.status, 200);
    EXPECT_EQ(last.field("Connection"), "close");
    EXPECT_TRUE(each->closed_by_peer());
  }
  EXPECT_TRUE(done.get());
  EXPECT_FALSE(connect().connected());
}

TEST_F(FinishTest, WaitsNoLongerThanItWasTold) {
  RawClient client = kept();
  EXPECT_FALSE(finish(200ms).get());
}

TEST_F(FinishTest, ResetsNobodyWhoComesMeanwhile) {
  std::atomic<int> broken{0}, answered{0};
  std::vector<std::thread> comers;
  for (int n = 0; n < 4; ++n) {
    comers.emplace_back([&] {
      for (;;) {
        RawClient client = connect();
        if (!client.connected()) return;  // refused: it would go elsewhere
        client.send(kGet);
        ++(client.response().status == 200 ? answered : broken);
      }
    });
  }
  while (answered < 50) std::this_thread::yield();
  EXPECT_TRUE(finish(kPatience).get());
  for (std::thread& comer : comers) comer.join();
  EXPECT_EQ(broken, 0) << "of " << answered;
}

}  // namespace
}  // namespace ottobot::net
