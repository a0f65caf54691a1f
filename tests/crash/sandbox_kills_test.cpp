// The sandbox's daemon dies in the middle of a command, with everything in the sandbox.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <optional>

#include "integration/numbered_lines.hpp"
#include "integration/sandbox_traces.hpp"
#include "integration/server_process.hpp"

namespace ottobot::crash {
namespace {

using namespace integration;
using ::testing::HasSubstr;

constexpr std::chrono::seconds kSoon{30};

// The second command never ends by itself.
Json scenario_with_a_long_command() {
  return scenario({turn(1, {step("First", {run_command("echo 1 >> lines.txt")}),
                            step("Second", {run_command("echo 2 >> lines.txt; sleep 600; echo 2b >> lines.txt")}),
                            step("Third", {run_command("echo 3 >> lines.txt")}), step("Done")})});
}

class SandboxKills : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_NO_FATAL_FAILURE(start());
    id_ = client_->create("Write the lines");
    ASSERT_FALSE(id_.empty()) << server_.log();
    ASSERT_TRUE(eventually([this] { return lines() == "1\n2\n"; }, kSoon)) << server_.log();
    sandbox_.emplace(server_.data_dir(), id_);
    ASSERT_GT(sandbox_->daemon(), 1);
    life_ = sandbox_->life();
  }

  void start() {
    const auto started = server_.start();
    ASSERT_TRUE(started) << started.error().to_string();
    client_.emplace(server_.url());
  }

  std::string lines() const { return client_->file(id_, "lines.txt"); }

  void kill_daemon() { ASSERT_EQ(::kill(sandbox_->daemon(), SIGKILL), 0); }

  void expect_told_and_gone_on(std::size_t losses) {
    const Json end = client_->wait_for_turn(id_);
    ASSERT_FALSE(end.is_null()) << server_.log();
    EXPECT_EQ(get_string(end["data"], "outcome"), "completed") << end;
    const Events events = client_->events(id_);
    const Events results = of_type(events, "tool_result");
    ASSERT_EQ(results.size(), 3u);
    EXPECT_EQ(get_string(results[0]["data"], "outcome"), "ok");
    EXPECT_EQ(get_string(results[1]["data"], "outcome"), "unknown");
    EXPECT_THAT(get_string(results[1]["data"]["content"].at(0), "text"), HasSubstr("outcome unknown"));
    EXPECT_EQ(get_string(results[2]["data"], "outcome"), "ok");
    EXPECT_EQ(of_type(events, "tool_intent").size(), 3u);
    EXPECT_EQ(of_type(events, "sandbox_lost").size(), losses);
    EXPECT_EQ(lines(), "1\n2\n3\n");
    EXPECT_TRUE(client_->wait_for_status(id_, "ready", kSoon));
    EXPECT_NE(SandboxTraces(server_.data_dir(), id_).life(), life_);
  }

  ServerProcess server_{scenario_with_a_long_command()};
  std::optional<SessionClient> client_;
  std::string id_;
  std::optional<SandboxTraces> sandbox_;
  std::string life_;
};

TEST_F(SandboxKills, TheModelIsToldAndTheSessionGoesOnWithItsFiles) {
  ASSERT_NO_FATAL_FAILURE(kill_daemon());
  expect_told_and_gone_on(1);
}

TEST_F(SandboxKills, WithoutAServerIsNoticedByTheNextOne) {
  server_.kill9();
  ASSERT_NO_FATAL_FAILURE(kill_daemon());
  ASSERT_NO_FATAL_FAILURE(start());
  // Lost while nobody owned it: the next owner starts it before it looks for it.
  expect_told_and_gone_on(0);
}

TEST_F(SandboxKills, TogetherWithTheServerIsMendedByTheNextOne) {
  ASSERT_NO_FATAL_FAILURE(kill_daemon());
  server_.kill9();
  ASSERT_NO_FATAL_FAILURE(start());
  expect_told_and_gone_on(of_type(client_->events(id_), "sandbox_lost").size());
}

}  // namespace
}  // namespace ottobot::crash
