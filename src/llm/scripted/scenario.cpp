#include "llm/scripted/scenario.hpp"

#include <algorithm>

namespace ottobot::llm::scripted {
namespace {

constexpr std::size_t kMaxExcerpt = 80;

Result<void> check_members(const Json& json, const std::string& where, std::initializer_list<std::string_view> known) {
  if (!json.is_object()) return invalid_field(where, "must be an object");
  for (const auto& [key, value] : json.items()) {
    if (std::find(known.begin(), known.end(), key) == known.end()) {
      return invalid_field(where + "." + key, "is not known here");
    }
  }
  return {};
}

Result<std::string> text_member(const Json& json, const std::string& where, std::string_view key) {
  const Json* value = find_member(json, key);
  if (value == nullptr) return std::string();
  if (!value->is_string()) return invalid_field(where + "." + std::string(key), "must be a string");
  return value->get<std::string>();
}

Result<std::int64_t> number_member(const Json& json, const std::string& where, std::string_view key,
                                   std::int64_t fallback, std::int64_t lowest) {
  const Json* value = find_member(json, key);
  if (value == nullptr) return fallback;
  constexpr std::int64_t kHighest = 86'400'000;
  if (!value->is_number_integer() || *value < lowest || *value > kHighest) {
    return invalid_field(where + "." + std::string(key), "must be an integer of at least " + std::to_string(lowest));
  }
  return value->get<std::int64_t>();
}

Result<const Json*> array_member(const Json& json, const std::string& where, const char* key) {
  const Json* value = find_member(json, key);
  if (value == nullptr || !value->is_array()) return invalid_field(where + "." + key, "must be an array");
  return value;
}

Result<Error> parse_error(const Json& json, const std::string& where) {
  if (auto ok = check_members(json, where, {"code", "message", "retry_after_ms"}); !ok) return fail(ok.error());
  const std::string name = get_string(json, "code");
  for (int i = 0; i <= static_cast<int>(ErrorCode::internal); ++i) {
    const auto code = static_cast<ErrorCode>(i);
    if (to_string(code) != name) continue;
    Error error;
    error.code = code;
    error.message = get_string(json, "message", "as the scenario says");
    auto retry = number_member(json, where, "retry_after_ms", -1, 0);
    if (!retry) return fail(retry.error());
    if (*retry >= 0) error.retry_after = std::chrono::milliseconds(*retry);
    return error;
  }
  return invalid_field(where + ".code", "must be the name of an error code, such as unavailable");
}

Result<std::vector<ToolCallPart>> parse_calls(const Json& step, const std::string& where) {
  std::vector<ToolCallPart> calls;
  if (find_member(step, "tool_calls") == nullptr) return calls;
  auto list = array_member(step, where, "tool_calls");
  if (!list) return fail(list.error());
  for (const Json& json : **list) {
    const std::string at = where + ".tool_calls[" + std::to_string(calls.size()) + "]";
    if (auto ok = check_members(json, at, {"name", "args"}); !ok) return fail(ok.error());
    ToolCallPart call;
    call.name = get_string(json, "name");
    if (call.name.empty()) return invalid_field(at + ".name", "must be the name of a tool");
    if (const Json* args = find_member(json, "args")) call.args = *args;
    if (!call.args.is_object()) return invalid_field(at + ".args", "must be an object");
    calls.push_back(std::move(call));
  }
  return calls;
}

Result<Step> parse_step(const Json& json, const std::string& where) {
  if (auto ok = check_members(json, where, {"thinking", "text", "tool_calls", "delay_ms", "chunk", "error"}); !ok) {
    return fail(ok.error());
  }
  auto thinking = text_member(json, where, "thinking");
  if (!thinking) return fail(thinking.error());
  auto text = text_member(json, where, "text");
  if (!text) return fail(text.error());
  auto delay = number_member(json, where, "delay_ms", 0, 0);
  if (!delay) return fail(delay.error());
  auto chunk = number_member(json, where, "chunk", 16, 1);
  if (!chunk) return fail(chunk.error());
  auto calls = parse_calls(json, where);
  if (!calls) return fail(calls.error());
  Step step{*thinking, *text, std::move(*calls), std::chrono::milliseconds(*delay), static_cast<std::size_t>(*chunk),
            {}};
  if (const Json* error = find_member(json, "error")) {
    auto parsed = parse_error(*error, where + ".error");
    if (!parsed) return fail(parsed.error());
    step.error = std::move(*parsed);
  }
  return step;
}

Result<Turn> parse_turn(const Json& json, const std::string& where) {
  if (auto ok = check_members(json, where, {"when", "prompt", "steps"}); !ok) return fail(ok.error());
  auto when = text_member(json, where, "when");
  if (!when) return fail(when.error());
  auto prompt = number_member(json, where, "prompt", 0, 1);
  if (!prompt) return fail(prompt.error());
  auto steps = array_member(json, where, "steps");
  if (!steps) return fail(steps.error());
  Turn turn{*when, static_cast<int>(*prompt), {}};
  for (const Json& step : **steps) {
    auto parsed = parse_step(step, where + ".steps[" + std::to_string(turn.steps.size()) + "]");
    if (!parsed) return fail(parsed.error());
    turn.steps.push_back(std::move(*parsed));
  }
  return turn;
}

bool is_prompt(const Message& message) {
  return message.role == Role::user && std::any_of(message.parts.begin(), message.parts.end(), [](const Part& part) {
           return std::holds_alternative<TextPart>(part);
         });
}

// Number of prompts, but no further than one past `limit`: later ones make no difference.
int count_prompts(std::span<const Message> messages, int limit) {
  int count = 0;
  for (const Message& message : messages) {
    if (count > limit) break;
    count += is_prompt(message) ? 1 : 0;
  }
  return count;
}

}  // namespace

Result<Scenario> parse_scenario(const Json& json) {
  if (auto ok = check_members(json, "scenario", {"model", "turns"}); !ok) return fail(ok.error());
  auto model = text_member(json, "scenario", "model");
  if (!model) return fail(model.error());
  auto turns = array_member(json, "scenario", "turns");
  if (!turns) return fail(turns.error());
  Scenario scenario{*model, {}, 0};
  for (const Json& turn : **turns) {
    auto parsed = parse_turn(turn, "turns[" + std::to_string(scenario.turns.size()) + "]");
    if (!parsed) return fail(parsed.error());
    scenario.highest_prompt = std::max(scenario.highest_prompt, parsed->prompt);
    scenario.turns.push_back(std::move(*parsed));
  }
  return scenario;
}

Choice choose_step(const Scenario& scenario, std::span<const Message> messages) {
  std::size_t step = 0, at = messages.size();
  while (at > 0 && !is_prompt(messages[at - 1])) step += messages[--at].role == Role::model ? 1 : 0;
  if (at == 0) return {nullptr, "The scenario answers prompts, and this conversation has none."};
  const std::string prompt = text_of(messages[at - 1]);
  const int number = scenario.highest_prompt == 0 ? 0 : count_prompts(messages, scenario.highest_prompt);
  for (const Turn& turn : scenario.turns) {
    if (turn.prompt != 0 && turn.prompt != number) continue;
    if (prompt.find(turn.when) == std::string::npos) continue;
    if (step < turn.steps.size()) return {&turn.steps[step], {}};
    return {nullptr, "The scenario has no further step for this prompt."};
  }
  const std::string excerpt = prompt.substr(0, utf8_complete_prefix(std::string_view(prompt).substr(0, kMaxExcerpt)));
  return {nullptr, "No turn of the scenario matches the prompt: " + excerpt};
}

}  // namespace ottobot::llm::scripted
