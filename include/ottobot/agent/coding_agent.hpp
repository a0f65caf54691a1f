// The coding agent: model → tools → model … → done, as a Graph.
#pragma once

#include <chrono>
#include <string>

#include "ottobot/agent/graph.hpp"
#include "ottobot/clock.hpp"
#include "ottobot/llm_provider.hpp"
#include "ottobot/toolbox.hpp"

namespace ottobot {

struct CodingAgentOptions {
  std::string model;          // as the provider knows it
  std::string system_prompt;  // empty = default_system_prompt(environment of the session)
  int max_steps = 200;        // model calls per turn; the turn then ends with outcome limit
  std::chrono::milliseconds max_turn_time{std::chrono::hours(2)};     // checked before each model call
  std::chrono::milliseconds model_timeout{std::chrono::minutes(10)};  // of one model call
  int max_parallel_tools = 8;
  std::size_t max_output_chars = 30000;  // of one text block of a tool's result; longer ones keep head and tail
};

// What the agent is told it is and where it works.
std::string default_system_prompt(const std::string& environment);

// Keeps the first and last halves of `text` within `max_chars` code points around a note of what was left out.
std::string clip_middle(const std::string& text, std::size_t max_chars);

// One run() is one turn: it ends with turn_finished, or with an Error that left the turn as it was (cancelled from
// outside, fenced, store unavailable) for whoever owns the session next. `provider`, `tools` and `clock` are borrowed
// by the graph.
Graph make_coding_agent(LlmProvider& provider, ToolBox& tools, Clock& clock, CodingAgentOptions options);

}  // namespace ottobot
