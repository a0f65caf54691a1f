// A model that follows a script: the demonstration without a key, tests, benchmarks.
//
// The answer is a pure function of the conversation, so it goes on after a crash where it was. A scenario is
//
//   {"model": "name",                      optional
//    "turns": [{"when": "text",            the prompt contains it; optional
//               "prompt": 2,               the conversation's second prompt, counted from 1; optional
//               "steps": [STEP, …]}, …]}
//
// The turn is the first whose conditions all hold for the last prompt (a user message with text); its steps answer one
// after the other: step N when N model messages follow that prompt. A prompt that no turn matches, or a turn that is at
// its end, is answered by a text that says so. STEP is an object with any of
//
//   "thinking": "…", "text": "…"           streamed, in this order
//   "tool_calls": [{"name": "…", "args": {…}}, …]
//   "delay_ms": 100                        waits before it answers
//   "chunk": 7                             bytes per delta (16); characters stay whole
//   "error": {"code": "unavailable", "message": "…", "retry_after_ms": 1000}   fails, after thinking and text
//
// Thread-safe, no threads of its own.
#pragma once

#include <memory>
#include <string>

#include "ottobot/clock.hpp"
#include "ottobot/json.hpp"
#include "ottobot/llm_provider.hpp"

namespace ottobot {

struct ScriptedOptions {
  Json scenario;           // used when it is not null
  std::string path;        // otherwise: a file that holds one
  Clock* clock = nullptr;  // of delay_ms; borrowed; null = system_clock()
};

// Errors: invalid_argument naming the field, not_found (path).
Result<std::unique_ptr<LlmProvider>> make_scripted_provider(ScriptedOptions options);

// The demonstration that runs without a model key: builds a small TypeScript project by driving write_file,
// execute_command, list_files and read_file, extends it at the second prompt, and then says that it is only a
// demonstration.
Json make_demo_scenario();

}  // namespace ottobot
