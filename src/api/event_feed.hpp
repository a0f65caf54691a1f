// EventFeed: the events of a session for one open socket: every one after a given seq, once, in order, as they come.
//
// It subscribes first and reads afterwards, so that nothing falls between; announcements only say how far the log goes,
// the events are pulled from the store by one task at a time, and only while the reader takes them. Ephemera keep their
// place between the events; those that are too many for a slow reader are dropped. Thread-safe.
// close() must be called before the last reference goes.
#pragma once

#include <deque>
#include <memory>
#include <mutex>

#include "api/tasks.hpp"
#include "ottobot/log.hpp"
#include "ottobot/session_store.hpp"

namespace ottobot::api {

class FeedReader {
 public:
  virtual ~FeedReader() = default;
  // False holds the feed back until resume().
  virtual bool wants_more() = 0;
  // These three come from one task at a time.
  virtual void on_event(const Event& event) = 0;
  virtual void on_caught_up(Seq last_seq) = 0;         // everything announced so far has been delivered
  virtual void on_feed_lost(const Error& error) = 0;   // for good: the session is gone
  virtual void on_ephemeral(const Json& message) = 0;  // may be a thread of the store: must not block
};

class EventFeed final : public SessionSink, public std::enable_shared_from_this<EventFeed> {
 public:
  // `store` and `tasks` must outlive the feed until close(). Errors: those of subscribe().
  static Result<std::shared_ptr<EventFeed>> open(SessionStore& store, Tasks& tasks, std::string session_id,
                                                 std::weak_ptr<FeedReader> reader);

  // Delivers the events after `after`, of which the log has some up to `last_seq`, and those to come. Once.
  void start(Seq after, Seq last_seq);
  void resume();
  // Nothing is delivered afterwards but what is being delivered. Not from a callback of the store.
  void close();

  void on_events(Seq last_seq) noexcept override;
  void on_ephemeral(const Json& message) noexcept override;

 private:
  EventFeed(SessionStore& store, Tasks& tasks, std::string session_id, std::weak_ptr<FeedReader> reader)
      : store_(store), tasks_(tasks), session_id_(std::move(session_id)), reader_(std::move(reader)) {}

  enum class Step { done, again, later, held_back };
  struct WaitingEphemeral {
    Seq behind = 0;  // the last event that was announced before it
    Json message;
  };
  void post_pump(std::chrono::milliseconds delay = {});
  void pump();
  Step read_and_deliver(FeedReader& reader);
  Step next_step(FeedReader& reader, Seq delivered, bool read_nothing);
  bool begin_pumping();
  void deliver_ephemera(FeedReader& reader, Seq behind);

  SessionStore& store_;
  Tasks& tasks_;
  const std::string session_id_;
  const std::weak_ptr<FeedReader> reader_;

  std::mutex mutex_;  // guards the members below
  std::unique_ptr<Subscription> subscription_;
  Seq delivered_ = 0;
  Seq announced_ = 0;
  std::deque<WaitingEphemeral> waiting_;
  bool started_ = false;
  bool pumping_ = false;    // a pump task is on its way or runs
  bool held_back_ = false;  // by the reader
  bool closed_ = false;
};

}  // namespace ottobot::api
