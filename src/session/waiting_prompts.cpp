#include "session/waiting_prompts.hpp"

#include <algorithm>

#include "ottobot/session_state.hpp"

namespace ottobot::session {
namespace {

constexpr std::size_t kMaxLists = 1024;  // forgetting costs reading again

}  // namespace

Result<bool> WaitingPrompts::has_room(SessionStore& store, const std::string& session_id, const std::string& event_id,
                                      std::size_t max, const CallContext& ctx) {
  const auto list = list_of(session_id);
  std::lock_guard lock(list->mutex);
  if (auto read = read_on(*list, store, session_id, ctx); !read) return fail(read.error());
  const auto& events = list->events;
  return events.size() <= max || std::find(events.begin(), events.end(), event_id) != events.end();
}

Result<void> WaitingPrompts::read_on(List& list, SessionStore& store, const std::string& session_id,
                                     const CallContext& ctx) {
  if (list.seq == 0) {
    auto checkpoint = store.get_checkpoint(session_id, ctx);
    if (!checkpoint) return fail(checkpoint.error());
    auto state = *checkpoint ? SessionState::from_checkpoint(**checkpoint) : Result<SessionState>(SessionState{});
    if (state) {
      list.seq = state->last_seq();
      list.events.resize(state->queued_prompts().size() + (state->turn() ? 1 : 0));
    }
  }
  while (true) {
    auto events = store.read({session_id, list.seq}, ctx);
    if (!events) return fail(events.error());
    if (events->empty()) return {};
    for (const Event& event : *events) {
      if (event.type == EventType::user_prompt) list.events.push_back(event.id);
      if (event.type == EventType::turn_finished && !list.events.empty()) list.events.pop_front();
    }
    list.seq = events->back().seq;
  }
}

std::shared_ptr<WaitingPrompts::List> WaitingPrompts::list_of(const std::string& session_id) {
  std::lock_guard lock(mutex_);
  if (lists_.size() >= kMaxLists) lists_.clear();
  auto& list = lists_[session_id];
  if (!list) list = std::make_shared<List>();
  return list;
}

}  // namespace ottobot::session
