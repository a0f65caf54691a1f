// In-process fan-out of announcements and ephemera to the subscribers of each session; what SessionStore::subscribe and
// publish do within one process.
//
// Thread-safe. Sinks are called by one thread of this object, never by the caller of announce() or publish(): so a sink
// may take locks that an appending thread holds. Announcements and ephemera of a session arrive in the order in which
// they were made; announcements that follow each other are merged.
#pragma once

#include <memory>

#include "ottobot/session_store.hpp"

namespace ottobot::stores {

class SubscriptionHub;

class Subscriptions {
 public:
  Subscriptions();
  // No sink is called afterwards. Subscriptions may be destroyed later than this.
  ~Subscriptions();
  Subscriptions(const Subscriptions&) = delete;
  Subscriptions& operator=(const Subscriptions&) = delete;

  // `sink` is borrowed until the Subscription is destroyed; that waits for a running call of it, unless it happens
  // inside that call.
  std::unique_ptr<Subscription> subscribe(const std::string& session_id, SessionSink& sink);
  void announce(const std::string& session_id, Seq last_seq);
  // Errors: resource_exhausted when the sinks are too slow and kMaxBacklog messages wait.
  Result<void> publish(const std::string& session_id, const Json& message);

  static constexpr std::size_t kMaxBacklog = 10'000;

 private:
  std::shared_ptr<SubscriptionHub> hub_;
};

}  // namespace ottobot::stores
