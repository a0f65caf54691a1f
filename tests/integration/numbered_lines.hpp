// A turn whose commands leave a trace in order, so that one that is lost or run twice shows.
#pragma once

#include <set>
#include <string>

#include "integration/scenario.hpp"
#include "integration/session_client.hpp"

namespace ottobot::integration {

inline constexpr int kLineSteps = 5;

// Each step's command writes "N", and half a second later "Nb".
inline Json numbered_lines_scenario() {
  std::vector<Json> steps;
  for (int n = 1; n <= kLineSteps; ++n) {
    const std::string i = std::to_string(n);
    steps.push_back(
        step("Line " + i, {run_command("echo " + i + " >> lines.txt; sleep 0.5; echo " + i + "b >> lines.txt")}));
  }
  steps.push_back(step("All lines are written"));
  return scenario({turn(1, steps)});
}

inline std::string numbered_lines() {
  std::string lines;
  for (int n = 1; n <= kLineSteps; ++n) lines += std::to_string(n) + "\n" + std::to_string(n) + "b\n";
  return lines;
}

// The log of one such turn that completed: nothing missing, nothing twice.
inline void expect_one_clean_turn(const Events& events) {
  std::int64_t last = 0;
  std::set<std::string> ids, calls;
  for (const Json& event : events) {
    EXPECT_EQ(get_int(event, "seq"), ++last);
    EXPECT_TRUE(ids.insert(get_string(event, "id")).second) << event;
  }
  for (const Json& result : of_type(events, "tool_result")) {
    EXPECT_EQ(get_string(result["data"], "outcome"), "ok") << result;
    EXPECT_TRUE(calls.insert(get_string(result["data"], "call_id")).second) << result;
  }
  EXPECT_EQ(calls.size(), static_cast<std::size_t>(kLineSteps));
  EXPECT_EQ(of_type(events, "tool_intent").size(), static_cast<std::size_t>(kLineSteps));
  EXPECT_EQ(of_type(events, "agent_message").size(), static_cast<std::size_t>(kLineSteps) + 1);
  EXPECT_EQ(of_type(events, "user_prompt").size(), 1u);
  EXPECT_EQ(of_type(events, "sandbox_lost").size(), 0u);
  const Events ends = of_type(events, "turn_finished");
  ASSERT_EQ(ends.size(), 1u);
  EXPECT_EQ(get_string(ends[0]["data"], "outcome"), "completed") << ends[0];
}

}  // namespace ottobot::integration
