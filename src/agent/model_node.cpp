#include "agent/model_node.hpp"

#include <algorithm>

#include "ottobot/ids.hpp"

namespace ottobot::agent {
namespace {

constexpr int kUnusableAnswers = 3;  // malformed or empty ones in a row, then the turn fails

// Publishes the text of an answer as it streams; offsets count code points.
class TextStream final : public DeltaSink {
 public:
  TextStream(Emitter& emitter, std::string message_id) : emitter_(emitter), message_id_(std::move(message_id)) {}

  void on_text(std::string_view text) override {
    emitter_.delta({{"kind", "delta"}, {"message_id", message_id_}, {"offset", offset_}, {"text", text}});
    offset_ += static_cast<std::int64_t>(utf8_length(text).value_or(text.size()));
  }
  void on_thinking(std::string_view) override {}
  void on_reset() override {
    offset_ = 0;
    emitter_.delta({{"kind", "delta"}, {"message_id", message_id_}, {"offset", 0}, {"text", ""}, {"reset", true}});
  }

 private:
  Emitter& emitter_;
  std::string message_id_;
  std::int64_t offset_ = 0;
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

events::TurnSummary ending(TurnOutcome outcome, const SessionState& state, std::string error) {
  const Turn turn = state.turn().value_or(Turn{});
  return {outcome, turn.steps, turn.usage, std::move(error)};
}

}  // namespace

Result<void> ModelNode::run(const SessionState& state, Emitter& emitter, const CallContext& ctx) {
  std::string reason;
  for (int attempt = 0; attempt < kUnusableAnswers; ++attempt) {
    const int step = state.turn() ? state.turn()->steps + 1 : 1;
    auto started = emitter.commit({events::model_call_started(options_.model, step, state.conversation_hash())});
    if (!started) return started;
    const std::string message_id = new_id();
    auto completion = ask(state, message_id, emitter, ctx);
    const auto forget = [&] { TextStream(emitter, message_id).on_reset(); };
    if (!completion) {
      forget();
      return fail(completion.error());
    }
    if (completion->finish == FinishReason::blocked) {
      forget();
      reason = "the model's vendor blocked the answer" +
               (completion->detail.empty() ? std::string() : ": " + completion->detail);
      break;
    }
    const bool unusable = completion->finish == FinishReason::malformed ||
                          (completion->finish == FinishReason::stop && is_empty(completion->message));
    if (!unusable) return commit_answer(std::move(*completion), message_id, emitter);
    forget();
    reason = completion->finish == FinishReason::malformed
                 ? "the model produced malformed tool calls: " + completion->detail
                 : "the model gave empty answers";
  }
  return end_turn(emitter, options_, ending(TurnOutcome::failed, state, reason));
}

Result<Completion> ModelNode::ask(const SessionState& state, const std::string& message_id, Emitter& emitter,
                                  const CallContext& ctx) {
  auto tools = tools_.list_tools(ctx);
  if (!tools) return fail(tools.error(), "listing the tools");
  CompletionParams params;
  params.model = options_.model;
  params.system = options_.system_prompt.empty() ? default_system_prompt(state.environment()) : options_.system_prompt;
  params.messages = state.messages();
  params.tools = *tools;
  TextStream stream(emitter, message_id);
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
    if (auto done = emitter.commit(std::move(batch)); !done || !cut) return done;
  }
  return end_turn(emitter, options_,
                  ending(TurnOutcome::limit, emitter.state(),
                         dropped_calls ? "the answer was cut at the model's output limit in the middle of a tool call, "
                                         "which was not run"
                                       : "the answer was cut at the model's output limit"));
}

}  // namespace ottobot::agent
