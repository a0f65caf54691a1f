// Turns, one for each round, whose commands leave a trace in order: what is lost or done twice shows.
#pragma once

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "integration/scenario.hpp"
#include "integration/session_client.hpp"

namespace ottobot::crash {

inline constexpr int kSteps = 3;
inline constexpr int kCallsPerStep = 2;
inline constexpr int kCallsPerTurn = kSteps * kCallsPerStep;

inline std::string line(int round, int call) { return std::to_string(round) + "." + std::to_string(call); }

// Each call writes its line, and a moment later "end of" it.
inline std::string command(const std::string& line) {
  return "echo " + line + " >> lines.txt; sleep 0.04; echo end of " + line + " >> lines.txt";
}

inline Json rounds_scenario(int rounds) {
  std::vector<Json> turns;
  for (int round = 1; round <= rounds; ++round) {
    std::vector<Json> steps;
    for (int first = 0; first < kCallsPerTurn; first += kCallsPerStep) {
      std::vector<Json> calls;
      for (int call = first; call < first + kCallsPerStep; ++call)
        calls.push_back(integration::run_command(command(line(round, call))));
      steps.push_back(integration::step("Writing", calls));
      steps.back()["delay_ms"] = 20;
    }
    steps.push_back(integration::step("Written"));
    turns.push_back(integration::turn(round, steps));
  }
  return integration::scenario(turns);
}

inline std::string lines_of(int rounds) {
  std::string lines;
  for (int round = 1; round <= rounds; ++round) {
    for (int call = 0; call < kCallsPerTurn; ++call) {
      lines += line(round, call) + "\nend of " + line(round, call) + "\n";
    }
  }
  return lines;
}

inline void expect_no_gap_and_nothing_twice(const integration::Events& events) {
  std::int64_t last = 0;
  std::set<std::string> ids;
  for (const Json& event : events) {
    EXPECT_EQ(get_int(event, "seq"), ++last);
    EXPECT_TRUE(ids.insert(get_string(event, "id")).second) << event;
  }
}

inline void expect_whole_turns(const integration::Events& events, int rounds) {
  const auto count = [&](const char* type) { return static_cast<int>(integration::of_type(events, type).size()); };
  EXPECT_EQ(count("user_prompt"), rounds);
  EXPECT_EQ(count("agent_message"), rounds * (kSteps + 1));
  EXPECT_EQ(count("turn_finished"), rounds);
  for (const Json& end : integration::of_type(events, "turn_finished")) {
    EXPECT_EQ(get_string(end["data"], "outcome"), "completed") << end;
  }
}

}  // namespace ottobot::crash
