#include "api/event_feed.hpp"

#include "ottobot/session/session_service.hpp"

namespace ottobot::api {
namespace {

// Small batches: many feeds share the pool, and a slow reader has at most one of them in memory beyond its queue.
constexpr std::size_t kBatchEvents = 64;
constexpr std::size_t kBatchBytes = 256 << 10;
constexpr std::size_t kMaxWaitingEphemera = 256;
constexpr std::chrono::milliseconds kReadTimeout{10000};
constexpr std::chrono::milliseconds kRetryDelay{500};

}  // namespace

Result<std::shared_ptr<EventFeed>> EventFeed::open(SessionStore& store, Tasks& tasks, std::string session_id,
                                                   std::weak_ptr<FeedReader> reader) {
  std::shared_ptr<EventFeed> feed(new EventFeed(store, tasks, std::move(session_id), std::move(reader)));
  auto subscription = store.subscribe(feed->session_id_, *feed);
  if (!subscription) return fail(subscription.error());
  std::lock_guard lock(feed->mutex_);
  feed->subscription_ = std::move(*subscription);
  return feed;
}

void EventFeed::start(Seq after, Seq last_seq) {
  {
    std::lock_guard lock(mutex_);
    delivered_ = after;
    announced_ = std::max(announced_, last_seq);
    for (WaitingEphemeral& early : waiting_) early.behind = std::max(early.behind, last_seq);
    started_ = true;
    if (closed_) return;
    pumping_ = true;
  }
  post_pump();
}

void EventFeed::resume() {
  {
    std::lock_guard lock(mutex_);
    if (!held_back_) return;
    held_back_ = false;
    if (!begin_pumping()) return;
  }
  post_pump();
}

void EventFeed::close() {
  std::unique_ptr<Subscription> ended;
  std::lock_guard lock(mutex_);
  closed_ = true;
  ended = std::move(subscription_);
  // `ended` goes after the lock: its destructor waits for callbacks, which take the lock.
}

void EventFeed::on_events(Seq last_seq) noexcept {
  {
    std::lock_guard lock(mutex_);
    announced_ = std::max(announced_, last_seq);
    if (!begin_pumping()) return;
  }
  post_pump();
}

void EventFeed::on_ephemeral(const Json& message) noexcept {
  const auto reader = reader_.lock();
  if (!reader) return;
  {
    std::lock_guard lock(mutex_);
    if (closed_ || waiting_.size() >= kMaxWaitingEphemera) return;
    if (!started_ || pumping_ || delivered_ < announced_) {
      waiting_.push_back({announced_, message});
      return;
    }
  }
  // No event can overtake it: the next one is announced on this thread.
  reader->on_ephemeral(message);
}

// Hands over those that were made when the log went no further than to `behind`.
void EventFeed::deliver_ephemera(FeedReader& reader, Seq behind) {
  for (;;) {
    Json message;
    {
      std::lock_guard lock(mutex_);
      if (closed_ || waiting_.empty() || waiting_.front().behind > behind) return;
      message = std::move(waiting_.front().message);
      waiting_.pop_front();
    }
    reader.on_ephemeral(message);
  }
}

// With the mutex held.
bool EventFeed::begin_pumping() {
  if (!started_ || pumping_ || held_back_ || closed_ || delivered_ >= announced_) return false;
  pumping_ = true;
  return true;
}

void EventFeed::post_pump(std::chrono::milliseconds delay) {
  auto pump_once = [self = shared_from_this()] { self->pump(); };
  if (delay.count() == 0)
    tasks_.run(std::move(pump_once));
  else
    tasks_.run_after(delay, std::move(pump_once));
}

void EventFeed::pump() {
  const auto reader = reader_.lock();
  if (!reader) return;
  switch (read_and_deliver(*reader)) {
    case Step::done:
      return;
    case Step::again:
      return post_pump();
    case Step::later:
      return post_pump(kRetryDelay);
    case Step::held_back:
      // It may have been drained between its answer and our note of it: its resume() then found nothing to do.
      if (reader->wants_more()) resume();
      return;
  }
}

EventFeed::Step EventFeed::read_and_deliver(FeedReader& reader) {
  Seq delivered = 0;
  Seq announced = 0;
  {
    std::lock_guard lock(mutex_);
    if (closed_) return Step::done;
    delivered = delivered_;
    announced = announced_;
  }
  const auto events = read_events(store_, {session_id_, delivered, kBatchEvents, kBatchBytes},
                                  with_timeout(kReadTimeout).with_stop(tasks_.stopping()));
  if (!events) {
    if (events.error().code != ErrorCode::not_found) return Step::later;
    reader.on_feed_lost(events.error());
    return Step::done;
  }
  for (const Event& event : *events) {
    // Not further than announced: later events belong behind the ephemera that were made before them.
    if (event.seq > announced || !reader.wants_more()) break;
    deliver_ephemera(reader, event.seq - 1);
    reader.on_event(event);
    delivered = event.seq;
  }
  return next_step(reader, delivered, events->empty());
}

EventFeed::Step EventFeed::next_step(FeedReader& reader, Seq delivered, bool read_nothing) {
  bool caught_up = false;
  {
    std::lock_guard lock(mutex_);
    delivered_ = delivered;
    if (closed_) return Step::done;
    caught_up = delivered >= announced_;
  }
  if (caught_up) reader.on_caught_up(delivered);
  deliver_ephemera(reader, delivered);
  const bool wants_more = reader.wants_more();
  std::lock_guard lock(mutex_);
  if (delivered_ >= announced_ && !waiting_.empty()) return Step::again;  // some came meanwhile
  if (delivered_ < announced_ && wants_more) return read_nothing ? Step::later : Step::again;
  pumping_ = false;
  if (delivered_ >= announced_) return Step::done;
  held_back_ = true;
  return Step::held_back;
}

}  // namespace ottobot::api
