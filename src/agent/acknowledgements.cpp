#include "agent/acknowledgements.hpp"

#include <algorithm>
#include <string>

namespace ottobot::agent {
namespace {

// How far behind the newest message the results of the step before can be.
constexpr std::size_t kMessagesBack = 3;

bool is_read_only(const std::string& name, const std::vector<ToolSpec>& specs) {
  return std::any_of(specs.begin(), specs.end(),
                     [&](const ToolSpec& spec) { return spec.read_only && spec.name == name; });
}

std::vector<const ToolResultPart*> results_in(const Message& message) {
  std::vector<const ToolResultPart*> results;
  for (const Part& part : message.parts) {
    if (const auto* result = std::get_if<ToolResultPart>(&part)) results.push_back(result);
  }
  return results;
}

// The place of the newest results; the number of messages when there are none near.
std::size_t newest_results(const std::vector<Message>& messages) {
  for (std::size_t back = 1; back <= std::min(kMessagesBack, messages.size()); ++back) {
    if (!results_in(messages[messages.size() - back]).empty()) return messages.size() - back;
  }
  return messages.size();
}

bool was_sent(const std::string& call_id, const Message& results) {
  const auto of_results = results_in(results);
  return std::any_of(of_results.begin(), of_results.end(), [&](const ToolResultPart* result) {
    return result->call_id == call_id && result->outcome != ToolOutcome::not_run;
  });
}

// An answer with intents that were a promise: all before it was acknowledged then. `next` has its results.
bool was_promise(const Message& answer, const Message& next, const std::vector<ToolSpec>& specs) {
  return std::any_of(answer.parts.begin(), answer.parts.end(), [&](const Part& part) {
    const auto* call = std::get_if<ToolCallPart>(&part);
    return call != nullptr && !is_read_only(call->name, specs) && was_sent(call->call_id, next);
  });
}

void tell(std::vector<std::string> call_ids, ToolBox& tools) {
  if (!call_ids.empty()) tools.acknowledge(call_ids);
}

}  // namespace

void acknowledge_reads(const SessionState& state, const std::vector<ToolSpec>& specs, ToolBox& tools) {
  const auto& messages = state.messages();
  const std::size_t newest = newest_results(messages);
  if (newest == messages.size()) return;
  std::vector<std::string> call_ids;
  for (const ToolResultPart* result : results_in(messages[newest])) {
    if (is_read_only(result->name, specs)) call_ids.push_back(result->call_id);
  }
  tell(std::move(call_ids), tools);
}

void acknowledge_all(const SessionState& state, const std::vector<ToolSpec>& specs, ToolBox& tools) {
  const auto& messages = state.messages();
  const std::size_t newest = newest_results(messages);
  if (newest == messages.size()) return;
  std::vector<std::string> call_ids;
  // On beyond the turn's prompt: a turn before that failed has acknowledged nothing at its end.
  for (std::size_t at = newest;; --at) {
    const Message& message = messages[at];
    if (at < newest && was_promise(message, messages[at + 1], specs)) break;
    for (const ToolResultPart* result : results_in(message)) {
      // Older reads were acknowledged on the way.
      if (at == newest || !is_read_only(result->name, specs)) call_ids.push_back(result->call_id);
    }
    if (at == 0) break;
  }
  tell(std::move(call_ids), tools);
}

}  // namespace ottobot::agent
