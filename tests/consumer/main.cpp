// An agent in a program of one's own: a model, a tool that is a C++ function, a log that remembers; no server.
#include <iostream>

#include <ottobot/agent/coding_agent.hpp>
#include <ottobot/llm/scripted.hpp>
#include <ottobot/session/session_log.hpp>
#include <ottobot/stores/memory.hpp>

using namespace ottobot;

class LogEmitter final : public Emitter {
 public:
  explicit LogEmitter(SessionLog& log) : log_(log) {}
  Result<void> commit(std::vector<NewEvent> events) override { return log_.commit(std::move(events), {}, {}); }
  void delta(const Json& message) override { std::cout << get_string(message, "text"); }
  const SessionState& state() const override { return log_.state(); }

 private:
  SessionLog& log_;
};

int main() {
  const Json call{{"name", "add"}, {"args", {{"a", 20}, {"b", 22}}}};
  const Json steps = Json::array({{{"tool_calls", Json::array({call})}}, {{"text", "I have added them."}}});
  ScriptedOptions script;
  script.scenario = {{"turns", Json::array({{{"steps", steps}}})}};
  auto model = make_scripted_provider(script);
  int sum = 0;
  FunctionToolBox tools;
  tools.add({"add", "Adds two numbers.", Json::object()},
            [&](const Json& args, const CallContext&) -> Result<ToolReply> {
              sum = static_cast<int>(get_int(args, "a") + get_int(args, "b"));
              return text_reply(std::to_string(sum));
            });
  auto store = make_memory_store();
  SessionRow row;
  row.id = new_id();
  if (!model || !store->create_session({row, {events::user_prompt("What is 20 + 22?")}, {}, {}}, {})) return 1;
  auto lease = store->acquire_lease({row.id, "consumer", std::chrono::minutes(1)}, {});
  auto log = lease ? SessionLog::open(*store, *lease, {}) : fail(lease.error());
  if (!log) return 1;
  LogEmitter emitter(**log);
  CodingAgentOptions options;
  options.model = "example";
  auto done =
      make_coding_agent(**model, tools, system_clock(), options).run(emitter, with_timeout(std::chrono::seconds(10)));
  std::cout << "\nsum " << sum << "\n";
  return done && sum == 42 && !(*log)->state().turn() ? 0 : 1;
}
