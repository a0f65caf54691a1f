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

// An answer whose intents were a promise: all before it was acknowledged then.
bool may_change(const Message& answer, const std::vector<ToolSpec>& specs) {
  return std::any_of(answer.parts.begin(), answer.parts.end(), [&](const Part& part) {
    const auto* call = std::get_if<ToolCallPart>(&part);
    return call != nullptr && !is_read_only(call->name, specs);
  });
}

bool is_prompt(const Message& message) { return message.role == Role::user && results_in(message).empty(); }

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
  for (std::size_t at = newest;; --at) {
    const Message& message = messages[at];
    if (is_prompt(message) || may_change(message, specs)) break;
    for (const ToolResultPart* result : results_in(message)) {
      // Older reads were acknowledged on the way.
      if (at == newest || !is_read_only(result->name, specs)) call_ids.push_back(result->call_id);
    }
    if (at == 0) break;
  }
  tell(std::move(call_ids), tools);
}

}  // namespace ottobot::agent
