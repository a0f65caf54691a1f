// A scenario, checked. The format is that of ottobot/llm/scripted.hpp.
#pragma once

#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "ottobot/message.hpp"

namespace ottobot::llm::scripted {

struct Step {
  std::string thinking, text;
  std::vector<ToolCallPart> calls;  // without call_id
  std::chrono::milliseconds delay{0};
  std::size_t chunk_bytes = 16;
  std::optional<Error> error;
};

struct Turn {
  std::string when;  // empty = any prompt
  int prompt = 0;    // 0 = any number
  std::vector<Step> steps;
};

struct Scenario {
  std::string model;
  std::vector<Turn> turns;
  int highest_prompt = 0;  // of all turns
};

// Errors: invalid_argument whose detail names the field.
Result<Scenario> parse_scenario(const Json& json);

// The step that answers this conversation; or, in words, why there is none.
struct Choice {
  const Step* step = nullptr;  // borrowed from the scenario
  std::string excuse;
};
Choice choose_step(const Scenario& scenario, std::span<const Message> messages);

}  // namespace ottobot::llm::scripted
