#include "agent/model_node.hpp"

#include <algorithm>

#include "ottobot/ids.hpp"

namespace ottobot::agent {
namespace {

constexpr int kUnusableAnswers = 3;  // malformed or empty ones in a row, then the turn fails

std::string in_words(std::chrono::milliseconds delay) {
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(delay).count();
  return std::to_string(seconds) + (seconds == 1 ? " second" : " seconds");
}

// Publishes the text of an answer as it streams; offsets count code points.
class TextStream final : public DeltaSink {
 public:
  TextStream(Emitter& emitter, std::string message_id) : emitter_(emitter), message_id_(std::move(message_id)) {}

  void on_text(std::string_view text) override {
    shown_ = true;
    emitter_.delta({{"kind", "delta"}, {"message_id", message_id_}, {"offset", offset_}, {"text", text}});
    offset_ += static_cast<std::int64_t>(utf8_length(text).value_or(text.size()));
  }
  void on_thinking(std::string_view) override {}
  void on_reset() override {
    if (!std::exchange(shown_, false)) return;
    offset_ = 0;
    emitter_.delta({{"kind", "delta"}, {"message_id", message_id_}, {"offset", 0}, {"text", ""}, {"reset", true}});
  }
  // Adds nothing to the conversation, which the call has borrowed. If the log is lost, the next commit says so.
  void on_retry(const Error& error, std::chrono::milliseconds delay) override {
    (void)emitter_.commit(
        {events::warning("The model call failed and is made again in " + in_words(delay) + ": " + error.message)});
  }

 private:
  Emitter& emitter_;
  std::string message_id_;
  std::int64_t offset_ = 0;
  bool shown_ = false;
};

std::string thinking_of(const Message& message) {
  std::string text;
  for (const Part& part : message.parts) {
    if (const auto* thinking = std::get_if<ThinkingPart>(&part)) text += thinking->text;
  }
  return text;
}

bool has_calls(const Message& message) {
  return std::any_of(message.parts.begin(), message.parts.end(),
                     [](const Part& part) { return std::holds_alternative<ToolCallPart>(part); });
}

void drop_calls(Message& message) {
  std::erase_if(message.parts, [](const Part& part) { return std::holds_alternative<ToolCallPart>(part); });
}

bool is_empty(const Message& message) { return !has_calls(message) && text_of(message).empty(); }

bool is_usable(const Completion& completion) {
  if (completion.finish == FinishReason::stop) return !is_empty(completion.message);
  return completion.finish == FinishReason::length;
}

Error why_unusable(const Completion& completion) {
  const std::string detail = completion.detail.empty() ? std::string() : ": " + completion.detail;
  switch (completion.finish) {
    case FinishReason::blocked:
      return permission_denied("the model's vendor blocked the answer" + detail, "put the request in other words")
          .value();
    case FinishReason::malformed:
      return internal_error("the model produced malformed tool calls" + detail,
                            "nothing of them was run; ask again, or choose another model")
          .value();
    default:
      return internal_error("the model gave empty answers" + detail, "ask again, or choose another model").value();
  }
}

events::TurnSummary ending(TurnOutcome outcome, const SessionState& state, Error error) {
  const Turn turn = state.turn().value_or(Turn{});
  return {outcome, turn.steps, turn.usage, std::move(error)};
}

}  // namespace

Result<void> ModelNode::run(const SessionState& state, Emitter& emitter, const CallContext& ctx) {
  Error reason;
  for (int attempt = 0; attempt < kUnusableAnswers; ++attempt) {
    const int step = state.turn() ? state.turn()->steps + 1 : 1;
    // The session's name of it has the provider; an agent without a session has only what it was given.
    const std::string& model = state.model().empty() ? options_.model : state.model();
    auto started = emitter.commit({events::model_call_started(model, step, state.conversation_hash())});
    if (!started) return started;
    const std::string message_id = new_event_id();
    TextStream stream(emitter, message_id);
    auto completion = ask(state, stream, ctx);
    if (completion && is_usable(*completion)) return commit_answer(std::move(*completion), message_id, emitter);
    stream.on_reset();
    if (!completion) return fail(completion.error());
    reason = why_unusable(*completion);
    if (completion->finish == FinishReason::blocked) break;
  }
  return end_turn(emitter, options_, ending(TurnOutcome::failed, state, std::move(reason)));
}

Result<Completion> ModelNode::ask(const SessionState& state, DeltaSink& stream, const CallContext& ctx) {
  auto tools = tools_.of_turn(state, ctx);
  if (!tools) return fail(tools.error());
  CompletionParams params;
  params.model = options_.model;
  params.system = options_.system_prompt.empty() ? default_system_prompt(state.environment()) : options_.system_prompt;
  params.messages = state.messages();
  params.tools = **tools;
  return provider_.complete(params, stream, ctx.within(options_.model_timeout));
}

Result<void> ModelNode::commit_answer(Completion completion, const std::string& message_id, Emitter& emitter) {
  const bool cut = completion.finish == FinishReason::length;
  const bool dropped_calls = cut && has_calls(completion.message);
  if (cut) drop_calls(completion.message);
  std::vector<NewEvent> batch;
  if (std::string thinking = thinking_of(completion.message); !thinking.empty()) {
    batch.push_back(events::agent_thinking(std::move(thinking)));
  }
  NewEvent answer = events::agent_message(completion.message, completion.usage);
  answer.id = message_id;
  // An answer cut before its first word has nothing to remember.
  if (!completion.message.parts.empty()) batch.push_back(std::move(answer));
  if (!batch.empty()) {
    // The intents of its calls, or the end of the turn, follow at once.
    if (auto done = emitter.commit_with_next(std::move(batch)); !done || !cut) return done;
  }
  return end_turn(emitter, options_,
                  ending(TurnOutcome::limit, emitter.state(),
                         resource_exhausted(dropped_calls ? "the answer was cut at the model's output limit; its tool "
                                                            "calls were not run"
                                                          : "the answer was cut at the model's output limit",
                                            "ask for the rest, or for less at once")
                             .value()));
}

}  // namespace ottobot::agent
