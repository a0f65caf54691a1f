// Turns in which the model's vendor does everything that may go wrong, and what the user has to see of each.
#pragma once

#include <string>
#include <vector>

#include "llm/gemini_stand_in.hpp"

namespace ottobot::integration {

struct FaultTurn {
  std::string name;
  std::vector<testing::GeminiStandIn::Planned> plan;  // of the turn's first model calls
  std::string outcome = "completed";
  std::string code = {};  // of the error
};

// In faulty answers: a command that must never run, and text that must never stay.
inline constexpr const char* kNeverRun = "echo BAD >> trace.txt";
inline constexpr const char* kPartial = "PARTIAL";

// An answer that begins and then stays silent.
testing::GeminiStandIn::Canned silence();
// 429 with a RetryInfo.
testing::GeminiStandIn::Canned rate_limit(const std::string& delay);

std::vector<FaultTurn> fault_turns();

}  // namespace ottobot::integration
