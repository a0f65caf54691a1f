#include "stores/redis/news.hpp"

#include <charconv>
#include <mutex>

#include "stores/redis/keys.hpp"
#include "stores/redis/session_scripts.hpp"
#include "stores/stored_event.hpp"

namespace ottobot::stores {
namespace {

using redis::Request;

constexpr std::chrono::seconds kSubscribeTimeout{5};
constexpr std::chrono::seconds kCatchUpTimeout{2};
constexpr const char* kNewest = "32";  // events among which a stop is looked for

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
  auto request = Request::command({"SPUBLISH", channel, "m" + dump_json(message)});
  // A subscriber would show it twice. That somebody is to stop may be said twice.
  if (get_string(message, "kind") != kStopKind) request = std::move(request).once();
  auto published = client_.call(std::move(request), ctx);
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

// The end of the log makes up for what was said of it. A stop that was missed is in the log, too, but nobody looks
// there before the turn's next step: so it is said once more.
bool SessionNews::catch_up(const std::vector<std::string>& channels) {
  std::vector<Request> requests;
  for (const std::string& channel : channels) {
    const SessionKeys keys(client_.options().key_prefix, session_of(channel));
    requests.push_back(Request::script(session_scripts::newest(), {keys.row(), keys.events()}, {kNewest}));
  }
  auto newest = client_.call_all(std::move(requests), with_timeout(kCatchUpTimeout));
  if (!newest) return false;
  for (std::size_t n = 0; n < channels.size(); ++n) {
    const std::string session_id = session_of(channels[n]);
    local_.announce(session_id, (*newest)[n][0].number());
    if ((*newest)[n][1].number() != 0) (void)local_.publish(session_id, {{"kind", kStopKind}});
  }
  return true;
}

}  // namespace ottobot::stores
