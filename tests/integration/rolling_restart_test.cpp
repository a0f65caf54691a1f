// All processes of a service are ended and started again, one after the other, while it is used through a balancer that
// only tries another server where none was reached: nobody notices.
#include <gtest/gtest.h>

#include <iostream>
#include <mutex>
#include <thread>

#include "api/socket_client.hpp"
#include "integration/balancer.hpp"
#include "integration/chaos_service.hpp"
#include "integration/chat_view.hpp"
#include "integration/scenario.hpp"

namespace ottobot::integration {
namespace {

using api::test::SocketClient;
using net::test::RawClient;
using namespace std::chrono_literals;

constexpr std::size_t kWorkers = 2, kApis = 2, kSessions = 3, kLoads = 6;
constexpr auto kBetweenRequests = 10ms;
constexpr auto kBetweenPrompts = 1500ms;
constexpr auto kBetweenRestarts = 1500ms;
constexpr std::chrono::seconds kEnd{20};
constexpr std::chrono::seconds kPatience{60};

Json one_line_scenario() {
  Json turn = Json::object();
  turn["steps"] = Json::array({step("Writing", {run_command("echo line >> lines.txt; sleep 0.3")}), step("Written")});
  return scenario({turn});
}

ChaosOptions processes() {
  ChaosOptions options;
  options.workers = kWorkers;
  options.apis = kApis;
  return options;
}

class RollingRestart : public ::testing::Test {
 protected:
  void SetUp() override {
    OTTOBOT_NEED_REDIS();
    service_ = std::make_unique<ChaosService>(one_line_scenario(), processes());
    ASSERT_TRUE(service_->start());
    for (std::size_t n = 0; n < kWorkers + kApis; ++n) service_->process(n).keep_port();
    balancer_ = std::make_unique<Balancer>(
        std::vector<int>{service_->process(kWorkers).port(), service_->process(kWorkers + 1).port()});
    const SessionClient client("http://127.0.0.1:" + std::to_string(balancer_->port()));
    for (std::size_t n = 0; n < kSessions; ++n) {
      ids_.push_back(client.create("First"));
      ASSERT_FALSE(ids_.back().empty());
      EXPECT_FALSE(client.wait_for_turn(ids_.back()).is_null());
    }
  }

  void TearDown() override {
    if (HasFailure() && service_) std::cout << service_->logs();
  }

  void failed(const std::string& request, const net::test::RawResponse& answer) {
    const std::lock_guard lock(mutex_);
    failures_.push_back(request.substr(0, request.find("\r\n")) + ": " + answer.head.substr(0, answer.head.find('\r')) +
                        " " + answer.body);
  }

  std::string request(std::size_t load, int n, const std::string& id) const {
    const std::string fields = " HTTP/1.1\r\nHost: 127.0.0.1\r\n";
    switch (n % 4) {
      case 0:
        return "GET /session/" + id + fields + "\r\n";
      case 1:
        return "GET /session/" + id + "/events?limit=5" + fields + "\r\n";
      case 2:
        return "GET /session/" + id + "/files" + fields + "\r\n";  // handed on to a worker
      default:
        break;
    }
    const std::string body = dump_json({{"initial_prompt", "x"}, {"timeout", 1}});  // refused for its timeout
    return load % 2 == 0 ? "GET /health" + fields + "\r\n"
                         : "POST /session" + fields +
                               "Content-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) +
                               "\r\n\r\n" + body;
  }

  // On a connection that is kept as long as the server wishes.
  void load(std::size_t number) {
    std::optional<RawClient> connection;
    for (int n = 0; !stop_; ++n) {
      if (!connection) connection.emplace(balancer_->port());
      const std::string asked = request(number, n, ids_[number % kSessions]);
      connection->send(asked);
      const auto answer = connection->response();
      ++requests_;
      if (answer.status == 0 || answer.status >= 500) failed(asked, answer);
      if (answer.status == 0 || answer.field("Connection") == "close") connection.reset();
      std::this_thread::sleep_for(kBetweenRequests);
    }
  }

  // Its prompts are taken at once, each time.
  void prompt(std::size_t session) {
    for (int n = 0; !stop_; ++n) {
      const std::string body = dump_json({{"content", "Next"}, {"id", std::to_string(n)}});
      const std::string asked =
          "POST /session/" + ids_[session] + "/messages HTTP/1.1\r\nHost: 127.0.0.1\r\n" +
          "Connection: close\r\nContent-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) +
          "\r\n\r\n" + body;
      RawClient connection(balancer_->port());
      connection.send(asked);
      const auto answer = connection.response();
      ++requests_;
      if (answer.status != 202) failed(asked, answer);
      if (answer.status == 202) ++prompts_[session];
      std::this_thread::sleep_for(kBetweenPrompts);
    }
  }

  // Until it has seen as many turns as there were prompts.
  void chat(std::size_t session) {
    Seqs& seen = seen_[session];
    const auto until = std::chrono::steady_clock::now() + kPatience;
    for (int turns = 0; std::chrono::steady_clock::now() < until; ++connections_) {
      const auto after = std::to_string(seen.empty() ? 0 : seen.back());
      SocketClient socket(balancer_->port(), "/session/" + ids_[session] + "/chat?after=" + after);
      while (!socket.ended() && std::chrono::steady_clock::now() < until) {
        if (stop_ && turns == prompts_[session]) return;
        const Json frame = socket.next_json(100ms);
        if (frame.is_null() || !frame.contains("seq")) continue;
        seen.push_back(get_int(frame, "seq"));
        turns += ends_a_turn(frame) ? 1 : 0;
      }
    }
  }

  void restart_all() {
    for (std::size_t n = 0; n < kWorkers + kApis; ++n) {
      std::this_thread::sleep_for(kBetweenRestarts);
      const auto ended = service_->process(n).terminate(kEnd);
      ASSERT_TRUE(ended) << service_->process(n).log();
      EXPECT_EQ(ended->code, 0);
      const auto started = service_->process(n).start();
      ASSERT_TRUE(started) << started.error().to_string();
    }
    std::this_thread::sleep_for(kBetweenRestarts);
  }

  std::unique_ptr<ChaosService> service_;
  std::unique_ptr<Balancer> balancer_;
  std::vector<std::string> ids_;
  std::atomic<bool> stop_{false};
  std::atomic<int> requests_{0}, connections_{0};
  std::array<std::atomic<int>, kSessions> prompts_{1, 1, 1};
  std::array<Seqs, kSessions> seen_;
  std::mutex mutex_;  // guards failures_
  std::vector<std::string> failures_;
};

TEST_F(RollingRestart, IsNoticedByNobody) {
  std::vector<std::thread> users;
  for (std::size_t n = 0; n < kLoads; ++n) users.emplace_back([this, n] { load(n); });
  for (std::size_t n = 0; n < kSessions; ++n) {
    users.emplace_back([this, n] { prompt(n); });
    users.emplace_back([this, n] { chat(n); });
  }
  restart_all();
  stop_ = true;
  for (std::thread& user : users) user.join();

  std::cout << requests_ << " requests, " << failures_.size() << " failed; " << balancer_->connections()
            << " connections, " << balancer_->refusals() << " refused; " << connections_ << " chats anew" << std::endl;
  for (const std::string& failure : failures_) ADD_FAILURE() << failure;
  const SessionClient client(service_->process(kWorkers).url());
  for (std::size_t n = 0; n < kSessions; ++n) {
    const Events events = client.events(ids_[n]);
    EXPECT_EQ(seen_[n], visible_after(events, 0)) << ids_[n];
    EXPECT_EQ(of_type(events, "turn_finished").size(), static_cast<std::size_t>(prompts_[n]));
    std::string lines;
    for (int line = 0; line < prompts_[n]; ++line) lines += "line\n";
    EXPECT_EQ(client.file(ids_[n], "lines.txt"), lines);
  }
}

}  // namespace
}  // namespace ottobot::integration
