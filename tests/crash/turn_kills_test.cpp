// `kill -9` of the server at random instants of a turn that leaves a trace of each of its commands.
#include "crash/rounds_test.hpp"
#include "integration/sandbox_traces.hpp"

namespace ottobot::crash {
namespace {

using namespace integration;

constexpr std::chrono::milliseconds kTakingOver{300};

void expect_each_call_once(const Events& events, int rounds) {
  for (const char* type : {"tool_intent", "tool_result"}) {
    std::set<std::string> calls;
    for (const Json& event : of_type(events, type)) {
      EXPECT_TRUE(calls.insert(get_string(event["data"], "call_id")).second) << event;
      EXPECT_EQ(get_string(event["data"], "outcome", "ok"), "ok") << event;
    }
    EXPECT_EQ(calls.size(), static_cast<std::size_t>(rounds * kCallsPerTurn)) << type;
  }
}

class TurnKills : public RoundsTest {
 protected:
  TurnKills() : RoundsTest(instants()) {}

  void kill_in(int round) {
    std::jthread sender;  // the kill may hit the prompt itself
    if (round > 1) sender = std::jthread([this, round, url = server_.url()] { (void)post(url, round); });
    ASSERT_NO_FATAL_FAILURE(await_instant(round));
    server_.kill9();
  }

  void run(int round) {
    ASSERT_NO_FATAL_FAILURE(kill_in(round));
    ASSERT_NO_FATAL_FAILURE(start());
    if (chance_.one_in(3)) {
      std::this_thread::sleep_for(chance_.moment(kTakingOver));
      server_.kill9();
      ASSERT_NO_FATAL_FAILURE(start());
    }
    // A client that got no answer sends again; one that got it may.
    if (round > 1) {
      ASSERT_TRUE(post(server_.url(), round)) << server_.log();
    }
    ASSERT_NO_FATAL_FAILURE(await_end(round));
    ASSERT_EQ(client_->file(id_, "lines.txt"), lines_of(round));
  }
};

TEST_F(TurnKills, EveryTurnCompletesEveryLineIsThereOnceAndTheChatMissesNothing) {
  SCOPED_TRACE(chance_.describe());
  std::string life;
  for (int round = 1; round <= rounds_; ++round) {
    SCOPED_TRACE("round " + std::to_string(round));
    ASSERT_NO_FATAL_FAILURE(run(round));
    const SandboxTraces sandbox(server_.data_dir(), id_);
    if (life.empty()) life = sandbox.life();
    EXPECT_EQ(sandbox.life(), life) << "another sandbox";
  }
  ASSERT_TRUE(client_->wait_for_status(id_, "ready", kPatience)) << server_.log();
  const Events events = expect_whole_log();
  expect_each_call_once(events, rounds_);
  EXPECT_EQ(of_type(events, "sandbox_lost").size(), 0u);
  EXPECT_GE(chat_->seen().connections, rounds_);
}

}  // namespace
}  // namespace ottobot::crash
