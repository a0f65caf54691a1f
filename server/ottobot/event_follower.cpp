#include "event_follower.hpp"

#include "ottobot/session/session_service.hpp"

namespace ottobot::cli {
namespace {

// Deltas are worth little once a reader is that far behind.
constexpr std::size_t kMaxItems = 100'000;

}  // namespace

Result<std::unique_ptr<EventFollower>> EventFollower::start(SessionStore& store, const std::string& session_id,
                                                            Callbacks callbacks, const CallContext& ctx) {
  std::unique_ptr<EventFollower> follower(new EventFollower(store, session_id, std::move(callbacks)));
  auto subscription = store.subscribe(session_id, *follower);
  if (!subscription) return fail(subscription.error());
  follower->subscription_ = std::move(*subscription);
  auto row = store.get_session(session_id, ctx);
  if (!row) return fail(row.error());
  follower->put(row->last_seq);
  return follower;
}

Result<void> EventFollower::pump(const CallContext& ctx) {
  auto item = take(ctx);
  if (!item) return fail(item.error());
  if (const auto* last_seq = std::get_if<Seq>(&*item)) return read_up_to(*last_seq, ctx);
  callbacks_.on_delta(std::get<Json>(*item));
  return {};
}

void EventFollower::on_events(Seq last_seq) noexcept { put(last_seq); }

void EventFollower::on_ephemeral(const Json& message) noexcept {
  try {
    put(message);
  } catch (const std::exception&) {  // out of memory: a lost delta, which its event makes good
  }
}

void EventFollower::put(Item item) {
  std::lock_guard lock(mutex_);
  if (items_.size() >= kMaxItems && std::holds_alternative<Json>(item)) return;
  items_.push_back(std::move(item));
  arrived_.notify_one();
}

Result<EventFollower::Item> EventFollower::take(const CallContext& ctx) {
  std::unique_lock lock(mutex_);
  const auto ready = [this] { return !items_.empty(); };
  const bool arrived = ctx.deadline == SteadyTime::max() ? arrived_.wait(lock, ctx.stop, ready)
                                                         : arrived_.wait_until(lock, ctx.stop, ctx.deadline, ready);
  if (!arrived) return ctx.stop.stop_requested() ? cancelled() : deadline_exceeded();
  Item item = std::move(items_.front());
  items_.pop_front();
  return item;
}

// Not further: later events belong behind the deltas that were made before them.
Result<void> EventFollower::read_up_to(Seq last_seq, const CallContext& ctx) {
  while (after_ < last_seq) {
    auto events = read_events(store_, {session_id_, after_, static_cast<std::size_t>(last_seq - after_)}, ctx);
    if (!events) return fail(events.error());
    if (events->empty()) return data_loss("the log of " + session_id_ + " ends before it should");
    for (const auto& event : *events) {
      after_ = event.seq;
      callbacks_.on_event(event);
    }
  }
  return {};
}

}  // namespace ottobot::cli
