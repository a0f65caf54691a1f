// `kill -9` of the server at random instants of a turn that leaves a trace of each of its commands.
#include <gtest/gtest.h>

#include <optional>
#include <set>

#include "crash/chance.hpp"
#include "crash/chat_follower.hpp"
#include "integration/sandbox_traces.hpp"
#include "integration/scenario.hpp"
#include "integration/server_process.hpp"

namespace ottobot::crash {
namespace {

using namespace integration;

constexpr int kSteps = 3;
constexpr int kCallsPerStep = 2;
constexpr int kCallsPerTurn = kSteps * kCallsPerStep;
constexpr int kFramesPerTurn = 2 + (kSteps + 1) + 2 * kCallsPerTurn + 2;
constexpr std::chrono::seconds kPatience{60};
constexpr std::chrono::milliseconds kBetweenFrames{60};
constexpr std::chrono::milliseconds kTakingOver{300};

std::string line(int round, int call) { return std::to_string(round) + "." + std::to_string(call); }

// Each call writes its line, and a moment later "end of" it.
std::string command(const std::string& line) {
  return "echo " + line + " >> lines.txt; sleep 0.04; echo end of " + line + " >> lines.txt";
}

Json rounds_scenario(int rounds) {
  std::vector<Json> turns;
  for (int round = 1; round <= rounds; ++round) {
    std::vector<Json> steps;
    for (int first = 0; first < kCallsPerTurn; first += kCallsPerStep) {
      std::vector<Json> calls;
      for (int call = first; call < first + kCallsPerStep; ++call)
        calls.push_back(run_command(command(line(round, call))));
      steps.push_back(step("Writing", calls));
      steps.back()["delay_ms"] = 20;
    }
    steps.push_back(step("Written"));
    turns.push_back(turn(round, steps));
  }
  return scenario(turns);
}

std::string lines_of(int rounds) {
  std::string lines;
  for (int round = 1; round <= rounds; ++round) {
    for (int call = 0; call < kCallsPerTurn; ++call) {
      lines += line(round, call) + "\nend of " + line(round, call) + "\n";
    }
  }
  return lines;
}

void expect_no_gap_and_nothing_twice(const Events& events) {
  std::int64_t last = 0;
  std::set<std::string> ids;
  for (const Json& event : events) {
    EXPECT_EQ(get_int(event, "seq"), ++last);
    EXPECT_TRUE(ids.insert(get_string(event, "id")).second) << event;
  }
}

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

void expect_whole_turns(const Events& events, int rounds) {
  const auto count = [&](const char* type) { return static_cast<int>(of_type(events, type).size()); };
  EXPECT_EQ(count("user_prompt"), rounds);
  EXPECT_EQ(count("agent_message"), rounds * (kSteps + 1));
  EXPECT_EQ(count("turn_finished"), rounds);
  EXPECT_EQ(count("sandbox_lost"), 0);
  for (const Json& end : of_type(events, "turn_finished")) {
    EXPECT_EQ(get_string(end["data"], "outcome"), "completed") << end;
  }
}

class TurnKills : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_NO_FATAL_FAILURE(start());
    id_ = client_->create("Round 1");
    ASSERT_FALSE(id_.empty()) << server_.log();
    chat_.emplace(id_, server_.port());
  }

  void start() {
    const auto started = server_.start();
    ASSERT_TRUE(started) << started.error().to_string();
    client_.emplace(server_.url());
    if (chat_) chat_->move_to(server_.port());
  }

  bool post(const std::string& url, int round) const {
    const std::string id = "round-" + std::to_string(round);
    const Json prompt{{"content", "Go on"}, {"id", id}};
    return SessionClient(url).send("POST", "/session/" + id_ + "/messages", prompt).status == 202;
  }

  // At a random one of the turn's frames, and a random moment after it.
  void kill_in(int round) {
    std::jthread sender;  // the kill may hit the prompt itself
    if (round > 1) sender = std::jthread([this, round, url = server_.url()] { (void)post(url, round); });
    const std::size_t enough = chat_->seen().seqs.size() + static_cast<std::size_t>(chance_.up_to(kFramesPerTurn));
    const bool reached = chat_->wait_until(
        [&](const ChatFollower::Seen& seen) { return seen.seqs.size() >= enough || seen.turns >= round; }, kPatience);
    ASSERT_TRUE(reached) << server_.log();
    std::this_thread::sleep_for(chance_.moment(kBetweenFrames));
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
    const bool ended =
        chat_->wait_until([&](const ChatFollower::Seen& seen) { return seen.turns >= round; }, kPatience);
    ASSERT_TRUE(ended) << server_.log();
    ASSERT_EQ(client_->file(id_, "lines.txt"), lines_of(round));
  }

  Chance chance_;
  const int rounds_ = instants();
  ServerProcess server_{rounds_scenario(rounds_)};
  std::optional<SessionClient> client_;
  std::string id_;
  std::optional<ChatFollower> chat_;
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
  const Events events = client_->events(id_);
  expect_no_gap_and_nothing_twice(events);
  expect_each_call_once(events, rounds_);
  expect_whole_turns(events, rounds_);
  const Seqs visible = visible_after(events, 0);
  EXPECT_TRUE(
      chat_->wait_until([&](const ChatFollower::Seen& seen) { return seen.seqs.size() >= visible.size(); }, kPatience));
  EXPECT_EQ(chat_->seen().seqs, visible);
  EXPECT_GE(chat_->seen().connections, rounds_);
}

}  // namespace
}  // namespace ottobot::crash
