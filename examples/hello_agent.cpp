// An agent inside your own program: a model, a tool that is a C++ function, a log in memory. No server, no sandbox.
//
//   GEMINI_API_KEY=… example_hello_agent "What is 17 * 23?"      without a key, a scripted model answers
#include <cstdlib>
#include <iostream>

#include "ottobot/agent/coding_agent.hpp"
#include "ottobot/llm/gemini.hpp"
#include "ottobot/llm/scripted.hpp"
#include "ottobot/session/session_log.hpp"
#include "ottobot/stores/memory.hpp"

using namespace ottobot;

// The agent's log, and what is shown while it thinks.
class Terminal final : public Emitter {
 public:
  explicit Terminal(SessionLog& log) : log_(log) {}
  Result<void> commit(std::vector<NewEvent> events) override { return log_.commit(std::move(events), {}, {}); }
  void delta(const Json& message) override { std::cout << get_string(message, "text") << std::flush; }
  const SessionState& state() const override { return log_.state(); }

 private:
  SessionLog& log_;
};

Result<std::unique_ptr<LlmProvider>> make_model() {
  if (const char* key = std::getenv("GEMINI_API_KEY"); key && *key) {
    GeminiOptions gemini;
    gemini.api_key = key;
    return make_gemini_provider(gemini);
  }
  const Json call{{"name", "multiply"}, {"args", {{"a", 17}, {"b", 23}}}};
  ScriptedOptions script;
  script.scenario = {{"turns", {{{"steps", {{{"tool_calls", {call}}}, {{"text", "17 * 23 is 391."}}}}}}}};
  return make_scripted_provider(script);
}

int main(int argc, char** argv) {
  FunctionToolBox tools;
  tools.add({"multiply",
             "Multiplies two integers.",
             {{"type", "object"}, {"properties", {{"a", {{"type", "integer"}}}, {"b", {{"type", "integer"}}}}}},
             true},
            [](const Json& args, const CallContext&) -> Result<ToolReply> {
              return text_reply(std::to_string(get_int(args, "a") * get_int(args, "b")));
            });

  auto model = make_model();
  auto store = make_memory_store();
  SessionRow row;
  row.id = new_id();
  auto created = store->create_session({row, {events::user_prompt(argc > 1 ? argv[1] : "What is 17 * 23?")}}, {});
  auto lease = store->acquire_lease({row.id, "hello", std::chrono::minutes(10)}, {});
  if (!model || !created || !lease) return 1;
  auto log = SessionLog::open(*store, *lease, {});
  if (!log) return 1;

  Terminal terminal(**log);
  CodingAgentOptions options;
  options.model = "gemini-2.5-flash";
  options.system_prompt = "You are a calculator. Use the tools.";
  auto done =
      make_coding_agent(**model, tools, system_clock(), options).run(terminal, with_timeout(std::chrono::minutes(2)));
  std::cout << '\n';
  if (!done) std::cerr << done.error().to_string() << '\n';
  return done ? 0 : 1;
}
