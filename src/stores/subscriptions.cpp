#include "stores/subscriptions.hpp"

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <unordered_map>

namespace ottobot::stores {
namespace {

struct Subscriber {
  SessionSink& sink;
  bool ended = false;
};

// What one session's subscribers get next.
struct Message {
  std::string session_id;
  Seq last_seq = 0;  // an announcement, unless `ephemeral` is set
  std::optional<Json> ephemeral;
};

struct Channel {
  std::vector<std::shared_ptr<Subscriber>> subscribers;
  Message* newest = nullptr;  // in the backlog; nullptr when nothing of this session waits
};

}  // namespace

class SubscriptionHub {
 public:
  void start() {
    thread_ = std::thread([this] { deliver_all(); });
  }

  void stop() {
    {
      std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    work_.notify_all();
    thread_.join();
  }

  std::shared_ptr<Subscriber> add(const std::string& session_id, SessionSink& sink) {
    auto subscriber = std::make_shared<Subscriber>(Subscriber{sink});
    std::lock_guard lock(mutex_);
    channels_[session_id].subscribers.push_back(subscriber);
    return subscriber;
  }

  void remove(const std::string& session_id, const std::shared_ptr<Subscriber>& subscriber) {
    std::unique_lock lock(mutex_);
    subscriber->ended = true;
    if (const auto found = channels_.find(session_id); found != channels_.end()) {
      std::erase(found->second.subscribers, subscriber);
      drop_if_unused(found);
    }
    if (std::this_thread::get_id() == thread_id_) return;
    call_ended_.wait(lock, [&] { return called_ != subscriber.get(); });
  }

  void announce(const std::string& session_id, Seq last_seq) {
    {
      std::lock_guard lock(mutex_);
      const auto found = channels_.find(session_id);
      if (found == channels_.end()) return;
      Message* newest = found->second.newest;
      if (newest && !newest->ephemeral) {
        newest->last_seq = std::max(newest->last_seq, last_seq);
        return;
      }
      enqueue(found->second, Message{session_id, last_seq, std::nullopt});
    }
    work_.notify_one();
  }

  Result<void> publish(const std::string& session_id, const Json& message) {
    {
      std::lock_guard lock(mutex_);
      const auto found = channels_.find(session_id);
      if (found == channels_.end()) return {};
      if (backlog_.size() >= Subscriptions::kMaxBacklog) {
        return resource_exhausted("subscribers are too slow: " + std::to_string(Subscriptions::kMaxBacklog) +
                                  " messages wait");
      }
      enqueue(found->second, Message{session_id, 0, message});
    }
    work_.notify_one();
    return {};
  }

 private:
  using Channels = std::unordered_map<std::string, Channel>;

  void enqueue(Channel& channel, Message message) {
    backlog_.push_back(std::move(message));
    channel.newest = &backlog_.back();
  }

  void drop_if_unused(Channels::iterator channel) {
    if (channel->second.subscribers.empty() && !channel->second.newest) channels_.erase(channel);
  }

  void deliver_all() {
    std::unique_lock lock(mutex_);
    thread_id_ = std::this_thread::get_id();
    while (true) {
      work_.wait(lock, [&] { return stopping_ || !backlog_.empty(); });
      if (stopping_) return;
      const auto channel = channels_.find(backlog_.front().session_id);
      if (channel->second.newest == &backlog_.front()) channel->second.newest = nullptr;
      const Message message = std::move(backlog_.front());
      backlog_.pop_front();
      const auto subscribers = channel->second.subscribers;
      drop_if_unused(channel);
      deliver(message, subscribers, lock);
    }
  }

  void deliver(const Message& message, const std::vector<std::shared_ptr<Subscriber>>& subscribers,
               std::unique_lock<std::mutex>& lock) {
    for (const auto& subscriber : subscribers) {
      if (subscriber->ended || stopping_) continue;
      called_ = subscriber.get();
      lock.unlock();
      if (message.ephemeral) {
        subscriber->sink.on_ephemeral(*message.ephemeral);
      } else {
        subscriber->sink.on_events(message.last_seq);
      }
      lock.lock();
      called_ = nullptr;
      call_ended_.notify_all();
    }
  }

  std::mutex mutex_;  // guards everything below but thread_
  std::condition_variable work_, call_ended_;
  Channels channels_;  // of every session that has subscribers or waiting messages
  std::deque<Message> backlog_;
  const Subscriber* called_ = nullptr;
  std::thread::id thread_id_;
  bool stopping_ = false;
  std::thread thread_;
};

namespace {

// Holds the hub, which may outlive its Subscriptions: by then nothing is called any more.
class HubSubscription final : public Subscription {
 public:
  HubSubscription(std::shared_ptr<SubscriptionHub> hub, std::string session_id, SessionSink& sink)
      : hub_(std::move(hub)), session_id_(std::move(session_id)), subscriber_(hub_->add(session_id_, sink)) {}
  ~HubSubscription() override { hub_->remove(session_id_, subscriber_); }

 private:
  std::shared_ptr<SubscriptionHub> hub_;
  std::string session_id_;
  std::shared_ptr<Subscriber> subscriber_;
};

}  // namespace

Subscriptions::Subscriptions() : hub_(std::make_shared<SubscriptionHub>()) { hub_->start(); }

Subscriptions::~Subscriptions() { hub_->stop(); }

std::unique_ptr<Subscription> Subscriptions::subscribe(const std::string& session_id, SessionSink& sink) {
  return std::make_unique<HubSubscription>(hub_, session_id, sink);
}

void Subscriptions::announce(const std::string& session_id, Seq last_seq) { hub_->announce(session_id, last_seq); }

Result<void> Subscriptions::publish(const std::string& session_id, const Json& message) {
  return hub_->publish(session_id, message);
}

}  // namespace ottobot::stores
