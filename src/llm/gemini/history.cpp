#include "llm/gemini/history.hpp"

#include <algorithm>

#include "llm/gemini/models.hpp"

namespace ottobot::llm::gemini {
namespace {

constexpr const char* kFiller = "(the conversation goes on)";

class Mender {
 public:
  explicit Mender(const std::string& model) : model_(model) {}

  History mend(std::span<const Message> messages) {
    for (std::size_t i = 0; i < messages.size();) {
      std::size_t end = i;
      while (end < messages.size() && messages[end].role == messages[i].role) ++end;
      const auto group = messages.subspan(i, end - i);
      messages[i].role == Role::model ? take_model(group) : take_user(group);
      i = end;
    }
    answer_open_calls({});
    auto& contents = history_.contents;
    if (contents.empty() || contents.back().role == Role::model) append(Role::user, {filler()});
    return std::move(history_);
  }

 private:
  void take_model(std::span<const Message> group) {
    answer_open_calls({});
    std::vector<const Part*> parts;
    for (const Message& message : group) {
      for (const Part& part : message.parts) {
        if (!is_useful_model_part(part)) continue;
        parts.push_back(&part);
        if (const auto* call = std::get_if<ToolCallPart>(&part)) open_.push_back(call);
      }
    }
    append(Role::model, parts);
  }

  void take_user(std::span<const Message> group) {
    std::vector<const Part*> results, others;
    for (const Message& message : group) {
      for (const Part& part : message.parts) {
        const auto* text = std::get_if<TextPart>(&part);
        if (std::holds_alternative<ToolResultPart>(part)) results.push_back(&part);
        if (text != nullptr && !text->text.empty()) others.push_back(&part);
      }
    }
    answer_open_calls(results);
    append(Role::user, others);
  }

  // One result for each call, in call order.
  void answer_open_calls(const std::vector<const Part*>& results) {
    std::vector<const Part*> answers;
    for (const ToolCallPart* call : open_) {
      const auto found = std::find_if(results.begin(), results.end(), [call](const Part* part) {
        return std::get<ToolResultPart>(*part).call_id == call->call_id;
      });
      answers.push_back(found != results.end() ? *found : not_run(*call));
    }
    open_.clear();
    append(Role::user, answers);
  }

  void append(Role role, const std::vector<const Part*>& parts) {
    if (parts.empty()) return;
    auto& contents = history_.contents;
    if (contents.empty() && role == Role::model) contents.push_back({Role::user, {filler()}});
    if (contents.empty() || contents.back().role != role) contents.push_back({role, {}});
    contents.back().parts.insert(contents.back().parts.end(), parts.begin(), parts.end());
  }

  bool is_useful_model_part(const Part& part) const {
    if (const auto* text = std::get_if<TextPart>(&part)) {
      return !text->text.empty() || !signature_for(text->opaque, model_).empty();
    }
    // Thoughts are only sent back where the model wants its signature back.
    if (const auto* thought = std::get_if<ThinkingPart>(&part)) return !signature_for(thought->opaque, model_).empty();
    return std::holds_alternative<ToolCallPart>(part);
  }

  const Part* filler() { return &history_.made.emplace_back(TextPart{kFiller, nullptr}); }

  const Part* not_run(const ToolCallPart& call) {
    ToolResultPart result;
    result.call_id = call.call_id;
    result.provider_id = call.provider_id;
    result.name = call.name;
    result.outcome = ToolOutcome::not_run;
    return &history_.made.emplace_back(std::move(result));
  }

  const std::string& model_;
  History history_;
  std::vector<const ToolCallPart*> open_;  // calls of the last model content
};

}  // namespace

History mend_history(std::span<const Message> messages, const std::string& model) {
  return Mender(model).mend(messages);
}

}  // namespace ottobot::llm::gemini
