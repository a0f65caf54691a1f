// The coding agent: model → tools → model … → done, as a Graph.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <vector>

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
  std::chrono::milliseconds model_timeout{std::chrono::minutes(30)};  // of one model call, its retries included
  std::chrono::milliseconds tool_timeout{std::chrono::hours(1)};      // of one tool call; it is cancelled then
  int max_parallel_tools = 8;
  // Events that belong right before turn_finished, in the same append. May be empty.
  std::function<std::vector<NewEvent>(const SessionState& state)> closing_events;
  std::size_t max_output_chars =
      32000;  // of one text block of a tool's result (the sandbox clips at 30000); longer ones keep head and tail
};

// What the agent is told it is and where it works.
std::string default_system_prompt(const std::string& environment);

// Keeps the first and last halves of `text` within `max_chars` code points around a note of what was left out.
std::string clip_middle(const std::string& text, std::size_t max_chars);

// turn_finished with what options.closing_events adds: for whoever runs the graph and has to end a turn that failed.
Result<void> end_turn(Emitter& emitter, const CodingAgentOptions& options, const events::TurnSummary& summary);

// One run() is one turn: it ends with turn_finished, or with an Error that left the turn as it was. After a stop from
// outside (cancelled), fold the inbox and run again with a live token: a turn whose log has a stop_requested then
// records what did not run and ends. Other errors are the caller's to end the turn with, or to leave to the next owner.
// `provider`, `tools` and `clock` are borrowed by the graph.
Graph make_coding_agent(LlmProvider& provider, ToolBox& tools, Clock& clock, CodingAgentOptions options);

}  // namespace ottobot
