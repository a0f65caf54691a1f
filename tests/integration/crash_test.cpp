#include <gtest/gtest.h>

#include "integration/numbered_lines.hpp"
#include "integration/sandbox_traces.hpp"
#include "integration/server_process.hpp"
#include "integration/session_client.hpp"

namespace ottobot::integration {
namespace {

constexpr std::chrono::seconds kSoon{20};

class Crash : public ::testing::Test {
 protected:
  void SetUp() override {
    start();
    id_ = client_->create("Write the lines");
    ASSERT_FALSE(id_.empty()) << server_.log();
  }

  void start() {
    const auto started = server_.start();
    ASSERT_TRUE(started) << started.error().to_string();
    client_.emplace(server_.url());
  }

  void kill_and_restart() {
    server_.kill9();
    start();
  }

  // Until the log says so.
  void await(const SessionClient::Condition& holds) {
    ASSERT_FALSE(client_->wait_for(id_, holds, kSoon).is_null()) << server_.log();
  }

  // Until the command has got so far.
  void await_line(const std::string& line) {
    const bool seen = eventually(
        [&] { return ("\n" + client_->file(id_, "lines.txt")).find("\n" + line + "\n") != std::string::npos; }, kSoon);
    ASSERT_TRUE(seen) << line << "\n" << server_.log();
  }

  void expect_clean_end() {
    ASSERT_FALSE(client_->wait_for_turn(id_).is_null()) << server_.log();
    expect_one_clean_turn(client_->events(id_));
    EXPECT_EQ(client_->file(id_, "lines.txt"), numbered_lines());
    EXPECT_TRUE(client_->wait_for_status(id_, "ready", kSoon));
  }

  ServerProcess server_{numbered_lines_scenario()};
  std::optional<SessionClient> client_;
  std::string id_;
};

TEST_F(Crash, DuringACommandRunsItOnce) {
  await_line("2");
  const SandboxTraces before(server_.data_dir(), id_);
  ASSERT_TRUE(before.found());
  kill_and_restart();
  expect_clean_end();
  EXPECT_EQ(SandboxTraces(server_.data_dir(), id_).life(), before.life());
}

TEST_F(Crash, BetweenTwoCommandsLosesNothing) {
  await(nth(3, is_type("tool_result")));
  kill_and_restart();
  expect_clean_end();
}

TEST_F(Crash, AgainAndAgainStillEndsOnce) {
  await(nth(1, is_type("tool_intent")));
  kill_and_restart();
  await_line("2");
  kill_and_restart();
  await_line("3b");
  kill_and_restart();
  await(nth(5, is_type("agent_message")));
  kill_and_restart();
  expect_clean_end();
}

TEST_F(Crash, WhileTheCommandEndsWithoutAServerKeepsItsResult) {
  await_line("4");
  const SandboxTraces sandbox(server_.data_dir(), id_);
  server_.kill9();
  // The command goes on alone and ends: its sleep is gone.
  EXPECT_TRUE(eventually([&] { return sandbox.processes_named("sleep").empty(); }, kSoon));
  start();
  expect_clean_end();
}

TEST_F(Crash, WhileTheSandboxStartsIsMended) {
  await([](const Json& event) {
    return get_string(event, "type") == "phase_changed" && get_string(event["data"], "phase") == "starting_container";
  });
  kill_and_restart();
  expect_clean_end();
}

TEST_F(Crash, AfterTheTurnKeepsTheSession) {
  ASSERT_FALSE(client_->wait_for_turn(id_).is_null());
  kill_and_restart();
  expect_clean_end();
}

TEST_F(Crash, TerminateMidTurnExitsWellAndGoesOnAfterwards) {
  await_line("2");
  const auto status = server_.terminate(std::chrono::seconds(5));
  ASSERT_TRUE(status) << status.error().to_string() << server_.log();
  EXPECT_EQ(status->signal, 0);
  EXPECT_EQ(status->code, 0) << server_.log();
  start();
  expect_clean_end();
}

TEST_F(Crash, ASecondServerOnTheDataDirectoryIsRefusedAndHarmless) {
  const auto second = server_.run_second();
  ASSERT_TRUE(second) << second.error().to_string();
  EXPECT_NE(second->status.code, 0);
  EXPECT_EQ(second->out, "");
  EXPECT_NE(second->err.find(server_.data_dir().string()), std::string::npos) << second->err;
  expect_clean_end();
}

}  // namespace
}  // namespace ottobot::integration
