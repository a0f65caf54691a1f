// The sandbox's daemon is killed at random instants of turns, now and then with the server: a call's result is right,
// or its outcome is unknown, and never does it happen twice.
#include <csignal>
#include <map>
#include <sstream>

#include "crash/rounds_test.hpp"
#include "integration/sandbox_traces.hpp"

namespace ottobot::crash {
namespace {

using namespace integration;

constexpr std::chrono::milliseconds kNoticing{100};

std::map<std::string, int> count_lines(const std::string& text) {
  std::map<std::string, int> counts;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) ++counts[line];
  return counts;
}

class SandboxRandomKills : public RoundsTest {
 protected:
  SandboxRandomKills() : RoundsTest((instants() + 1) / 2 + 1) {}

  // The first round only makes the sandbox. The last one only brings back what a kill after a turn's end left dead, so
  // that its files can be read.
  void run(int round) {
    if (round > 1) {
      ASSERT_TRUE(post(server_.url(), round)) << server_.log();
    }
    if (round > 1 && round < rounds_) {
      ASSERT_NO_FATAL_FAILURE(await_instant(round));
      ASSERT_NO_FATAL_FAILURE(kill_daemon());
    }
    if (chance_.one_in(3)) {
      std::this_thread::sleep_for(chance_.moment(kNoticing));
      server_.kill9();
      ASSERT_NO_FATAL_FAILURE(start());
    }
    await_end(round);
  }

  // One that was killed after the turn before is being started again, perhaps.
  void kill_daemon() {
    const auto is_killed = [&] {
      const pid_t daemon = SandboxTraces(server_.data_dir(), id_).daemon();
      return daemon > 1 && ::kill(daemon, SIGKILL) == 0;
    };
    ASSERT_TRUE(eventually(is_killed, kPatience)) << server_.log();
  }

  // Outcomes of one turn's calls, in order.
  static std::vector<std::string> outcomes(const Events& results, int round) {
    std::vector<std::string> outcomes;
    for (int call = 0; call < kCallsPerTurn; ++call) {
      const auto index = static_cast<std::size_t>((round - 1) * kCallsPerTurn + call);
      outcomes.push_back(get_string(results[index]["data"], "outcome"));
    }
    return outcomes;
  }

  void expect_what_was_told(const Events& results, int round) {
    auto lines = count_lines(client_->file(id_, "lines.txt"));
    const auto told = outcomes(results, round);
    // This round's kill, and the one before when that came between the two turns.
    EXPECT_LE(std::count(told.begin(), told.end(), "unknown"), 2);
    for (int call = 0; call < kCallsPerTurn; ++call) {
      const std::string begun = line(round, call), ended = "end of " + begun;
      SCOPED_TRACE(begun);
      if (told[static_cast<std::size_t>(call)] == "unknown") {
        EXPECT_LE(lines[begun], 1);
        EXPECT_LE(lines[ended], lines[begun]);
      } else {
        EXPECT_EQ(told[static_cast<std::size_t>(call)], "ok");
        EXPECT_EQ(lines[begun], 1);
        EXPECT_EQ(lines[ended], 1);
      }
    }
  }
};

TEST_F(SandboxRandomKills, WhatTheModelIsToldIsTrueAndTheFilesStay) {
  SCOPED_TRACE(chance_.describe());
  for (int round = 1; round <= rounds_; ++round) {
    SCOPED_TRACE("round " + std::to_string(round));
    ASSERT_NO_FATAL_FAILURE(run(round));
  }
  ASSERT_TRUE(client_->wait_for_status(id_, "ready", kPatience)) << server_.log();
  const Events results = of_type(expect_whole_log(), "tool_result");
  ASSERT_EQ(results.size(), static_cast<std::size_t>(rounds_ * kCallsPerTurn));
  for (int round = 1; round <= rounds_; ++round) expect_what_was_told(results, round);
}

}  // namespace
}  // namespace ottobot::crash
