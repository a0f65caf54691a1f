// A whole server whose engine hangs, or is gone and comes back. Nothing else may use the engine meanwhile.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "containers/engine_process.hpp"
#include "integration/numbered_lines.hpp"
#include "integration/server_process.hpp"
#include "integration/session_client.hpp"

namespace ottobot::integration {
namespace {

using Clock = std::chrono::steady_clock;
using ::testing::HasSubstr;

constexpr std::chrono::seconds kSoon{10}, kLater{40};
constexpr std::chrono::milliseconds kAtOnce{500};

// As the other one, and a second turn that looks at what the first one left.
Json lines_and_a_look() {
  Json both = numbered_lines_scenario();
  both["turns"].push_back(turn(2, {step("Looking", {run_command("cp lines.txt seen.txt")}), step("Looked")}));
  return both;
}

class EngineFault : public ::testing::Test {
 protected:
  void SetUp() override {
    pid_ = containers::engine_pid();
    if (pid_ <= 0) GTEST_SKIP() << "the engine is not ours to stop";
    const auto started = server_.start();
    ASSERT_TRUE(started) << started.error().to_string();
    client_.emplace(server_.url());
    id_ = client_->create("Write the lines");
  }

  bool health_is(const std::string& status, std::chrono::milliseconds within) const {
    return eventually([&] { return get_string(client_->get("/health"), "status") == status; }, within);
  }

  // What has nothing to ask of the engine is answered as ever.
  void expect_prompt_answers() const {
    for (const std::string& path : {std::string("/health"), "/session/" + id_, std::string("/session")}) {
      const auto begin = Clock::now();
      EXPECT_EQ(client_->send("GET", path).status, 200) << path;
      EXPECT_LT(Clock::now() - begin, kAtOnce) << path;
    }
  }

  // Where the engine is, is for those who may read the log.
  void expect_trouble(const std::string& words) const {
    ASSERT_TRUE(health_is("degraded", kSoon)) << client_->get("/health");
    const Json health = client_->get("/health");
    EXPECT_EQ(health["services"]["docker"], false) << health;
    EXPECT_THAT(dump_json(health["problems"]), HasSubstr(words));
    EXPECT_THAT(server_.log(), HasSubstr(containers::engine_options(*test_engine())->host));
    expect_prompt_answers();
  }

  pid_t pid_ = 0;
  ServerProcess server_{lines_and_a_look()};
  std::optional<SessionClient> client_;
  std::string id_;
};

TEST_F(EngineFault, AnEngineThatHangsIsNamedAndTheTurnThatRunsGoesOn) {
  ASSERT_FALSE(client_->wait_for(id_, is_type("tool_intent"), kLater).is_null()) << server_.log();
  std::string second;
  {
    const containers::FrozenEngine frozen(pid_);
    expect_trouble("does not answer in time");
    second = client_->create("Write the lines");
    EXPECT_FALSE(second.empty()) << server_.log();
    expect_one_clean_turn((client_->wait_for_turn(id_), client_->events(id_)));
  }
  EXPECT_TRUE(health_is("healthy", kLater)) << client_->get("/health");
  ASSERT_FALSE(client_->wait_for_turn(second).is_null()) << server_.log();
  expect_one_clean_turn(client_->events(second));
  EXPECT_EQ(client_->file(second, "lines.txt"), numbered_lines());
}

TEST_F(EngineFault, AnEngineThatIsGoneIsNamedAndSessionsGoOnAfterItsRestart) {
  const Json end = client_->wait_for_turn(id_);
  ASSERT_FALSE(end.is_null()) << server_.log();
  ::kill(pid_, SIGKILL);
  expect_trouble("cannot be reached");
  const bool restarted = containers::restart_engine();
  ASSERT_TRUE(restarted);
  EXPECT_TRUE(health_is("healthy", kLater)) << client_->get("/health");
  ASSERT_TRUE(client_->prompt(id_, "Look"));
  const Json next = client_->wait_for_turn(id_, get_int(end, "seq"));
  EXPECT_EQ(get_string(next.value("data", Json()), "outcome"), "completed") << next << server_.log();
  EXPECT_EQ(client_->file(id_, "seen.txt"), numbered_lines());
}

}  // namespace
}  // namespace ottobot::integration
