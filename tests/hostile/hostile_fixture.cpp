#include "hostile/hostile_fixture.hpp"

#include "integration/scenario.hpp"

namespace ottobot::hostile {
namespace {

using namespace integration;
using namespace std::chrono_literals;

constexpr std::int64_t kMayGrowKib = 16 << 10;
constexpr int kMayGrowFiles = 4;  // connections to the sandbox that are kept for the next call
constexpr int kMayGrowThreads = 8;
constexpr auto kSettle = 8s;
constexpr int kTurns = 200;

// The first turn makes what the attacks aim at: files, links, a pipe.
Json scenario_of_many_turns() {
  std::vector<Json> turns{turn(1, {step("Making things", {run_command("echo mine > own.txt; mkdir folder; "
                                                                      "ln -s /etc/passwd out; ln -s / root; "
                                                                      "ln -s loop loop; mkfifo pipe; "
                                                                      "head -c 64M /dev/urandom > large.bin")}),
                                   step("Made")})};
  for (int n = 2; n <= kTurns; ++n) {
    turns.push_back(turn(n, {step("Looking", {run_command("cat own.txt")}), step("Seen")}));
  }
  return scenario(std::move(turns));
}

}  // namespace

std::unique_ptr<ServerProcess> HostileTest::server_;
std::unique_ptr<SessionClient> HostileTest::client_;
std::string HostileTest::session_;

void HostileTest::SetUpTestSuite() {
  server_ = std::make_unique<ServerProcess>(scenario_of_many_turns());
  const auto started = server_->start();
  ASSERT_TRUE(started) << started.error().to_string();
  client_ = std::make_unique<SessionClient>(server_->url());
  session_ = client_->create("Make what will be attacked");
  const Json end = client_->wait_for_turn(session_);
  ASSERT_EQ(get_string(end.value("data", Json()), "outcome"), "completed") << end << server_->log();
}

void HostileTest::TearDownTestSuite() {
  client_.reset();
  server_.reset();
}

int HostileTest::port_of(const char* name) {
  return static_cast<int>(get_int(client_->get("/session/" + session_), name));
}

bool HostileTest::is_healthy() { return get_string(client_->get("/health"), "status") == "healthy"; }

void HostileTest::expect_service() {
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_TRUE(is_healthy());
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 2s) << "of /health";
  const std::int64_t last = get_int(client_->get("/session/" + session_), "last_seq");
  ASSERT_TRUE(client_->prompt(session_, "Are you still there?")) << server_->log();
  const Json end = client_->wait_for_turn(session_, last);
  EXPECT_EQ(get_string(end.value("data", Json()), "outcome"), "completed") << end << server_->log();
}

bool HostileTest::is_back_to(const VitalSigns& before, const VitalSigns& now) {
  return now.resident_kib <= before.resident_kib + kMayGrowKib && now.files <= before.files + kMayGrowFiles &&
         now.threads <= before.threads + kMayGrowThreads;
}

VitalSigns HostileTest::settle_to(const VitalSigns& before) {
  VitalSigns now;
  (void)eventually(
      [&] {
        now = vital_signs(server_->pid());
        return is_back_to(before, now);
      },
      kSettle);
  return now;
}

}  // namespace ottobot::hostile
