#include "stores/redis/news.hpp"

#include <charconv>
#include <mutex>

#include "stores/redis/keys.hpp"
#include "stores/stored_event.hpp"

namespace ottobot::stores {
namespace {

using redis::Request;

constexpr std::chrono::seconds kSubscribeTimeout{5};
constexpr std::chrono::seconds kCatchUpTimeout{2};

// A channel's name ends with its session's id, which has no colon.
std::string session_of(const std::string& channel) { return channel.substr(channel.rfind(':') + 1); }

}  // namespace

// The connection to Redis, as long as there is one: subscriptions may outlive the store.
struct SessionNews::Feed {
  std::mutex mutex;  // guards subscriber against its end
  std::unique_ptr<redis::Subscriber> subscriber;
};

class SessionNews::FeedSubscription final : public Subscription {
 public:
  FeedSubscription(std::shared_ptr<Feed> feed, std::string channel, std::unique_ptr<Subscription> local)
      : feed_(std::move(feed)), channel_(std::move(channel)), local_(std::move(local)) {}
  ~FeedSubscription() override {
    local_.reset();
    const std::lock_guard lock(feed_->mutex);
    if (feed_->subscriber) feed_->subscriber->remove(channel_);
  }

 private:
  std::shared_ptr<Feed> feed_;
  const std::string channel_;
  std::unique_ptr<Subscription> local_;
};

SessionNews::SessionNews(redis::Client& client) : client_(client), feed_(std::make_shared<Feed>()) {
  redis::Subscriber::Callbacks callbacks;
  callbacks.on_message = [this](const std::string& channel, std::string_view message) { take(channel, message); };
  callbacks.on_gap = [this](const std::vector<std::string>& channels) { return catch_up(channels); };
  feed_->subscriber = std::make_unique<redis::Subscriber>(client, std::move(callbacks));
}

SessionNews::~SessionNews() {
  std::unique_ptr<redis::Subscriber> ended;  // without the lock: what its thread calls may end a subscription
  const std::lock_guard lock(feed_->mutex);
  ended = std::move(feed_->subscriber);
}

Result<std::unique_ptr<Subscription>> SessionNews::subscribe(const std::string& session_id, SessionSink& sink) {
  const std::string channel = SessionKeys(client_.options().key_prefix, session_id).channel();
  auto subscription =
      std::make_unique<FeedSubscription>(feed_, channel, local_.subscribe(session_id, sink));
  if (auto added = feed_->subscriber->add(channel, with_timeout(kSubscribeTimeout)); !added) {
    return fail(added.error());
  }
  return subscription;
}

Result<void> SessionNews::publish(const std::string& session_id, const Json& message, const CallContext& ctx) {
  const std::string channel = SessionKeys(client_.options().key_prefix, session_id).channel();
  // A subscriber would show it twice.
  auto published = client_.call(Request::command({"SPUBLISH", channel, "m" + dump_json(message)}).once(), ctx);
  if (!published) return fail(published.error());
  return {};
}

void SessionNews::take(const std::string& channel, std::string_view message) {
  if (message.starts_with('e')) {
    Seq last_seq = 0;
    std::from_chars(message.data() + 1, message.data() + message.size(), last_seq);
    local_.announce(session_of(channel), last_seq);
  } else if (message.starts_with('m')) {
    if (auto json = parse_json(message.substr(1), kMaxStoredDepth)) (void)local_.publish(session_of(channel), *json);
  }
}

bool SessionNews::catch_up(const std::vector<std::string>& channels) {
  std::vector<Request> requests;
  for (const std::string& channel : channels) {
    const SessionKeys keys(client_.options().key_prefix, session_of(channel));
    requests.push_back(Request::command({"HGET", keys.row(), "last_seq"}));
  }
  auto ends = client_.call_all(std::move(requests), with_timeout(kCatchUpTimeout));
  if (!ends) return false;
  for (std::size_t n = 0; n < channels.size(); ++n) local_.announce(session_of(channels[n]), (*ends)[n].number());
  return true;
}

}  // namespace ottobot::stores
