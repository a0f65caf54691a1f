// What subscribers of sessions are told, from whichever process it comes. Thread-safe.
#pragma once

#include <memory>

#include "redis/subscriber.hpp"
#include "stores/subscriptions.hpp"

namespace ottobot::stores {

// Messages on a session's channel: "e" and the log's last seq, or "m" and an ephemeral message as JSON.
class SessionNews {
 public:
  // `client` is borrowed.
  explicit SessionNews(redis::Client& client);
  // No sink is called afterwards. Subscriptions may be destroyed later than this.
  ~SessionNews();

  // As SessionStore::subscribe. Errors: unavailable.
  Result<std::unique_ptr<Subscription>> subscribe(const std::string& session_id, SessionSink& sink);
  // As SessionStore::publish.
  Result<void> publish(const std::string& session_id, const Json& message, const CallContext& ctx);

 private:
  struct Feed;
  class FeedSubscription;

  void take(const std::string& channel, std::string_view message);
  bool catch_up(const std::vector<std::string>& channels);

  redis::Client& client_;
  Subscriptions local_;
  std::shared_ptr<Feed> feed_;
};

}  // namespace ottobot::stores
