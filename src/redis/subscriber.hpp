// Channels of sharded pub/sub (SSUBSCRIBE), over one connection to each node, by one thread.
//
// A connection that broke is made again, and channels move with their slots. What was said meanwhile is lost: whoever
// listens is told of the gap and looks for itself.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "redis/client.hpp"

namespace ottobot::redis {

class Subscriber {
 public:
  struct Callbacks {
    // From the subscriber's thread, which waits for them; they must not call add() or remove().
    std::function<void(const std::string& channel, std::string_view message)> on_message;
    // Something may have been missed. False: it could not be made up for, ask again in a moment.
    std::function<bool(const std::vector<std::string>& channels)> on_gap;
  };

  // `client` is borrowed.
  Subscriber(Client& client, Callbacks callbacks);
  // No callback runs afterwards.
  ~Subscriber();

  // Returns once the server sends what is published from now on. Each add() takes a remove(), also a failed one.
  // Errors: unavailable, cancelled, deadline_exceeded.
  Result<void> add(const std::string& channel, const CallContext& ctx);
  void remove(const std::string& channel);

 private:
  struct Link;
  struct Channel {
    int users = 0;
    Link* link = nullptr;  // that was asked for it
    bool confirmed = false;
    bool gap = false;  // it was confirmed before, and the connection broke
    SteadyTime retry_at{};
  };
  using Lock = std::unique_lock<std::mutex>;

  void run(const std::stop_token& stop);
  void settle_channels(Lock& lock, const CallContext& ctx);
  void place_channels(Lock& lock, const CallContext& ctx);
  Link* link_to(const Address& address, Lock& lock, const CallContext& ctx);
  void drop_unused();
  void flush_links();
  void wait_for_events(Lock& lock);
  void serve(Link& link, Lock& lock);
  void take(Link& link, const Reply& reply, Lock& lock);
  void confirm(Link& link);
  void drop_link(Link& link);
  void report_gaps(Lock& lock);
  void wake();

  Client& client_;
  const Callbacks callbacks_;
  net::UniqueFd wake_;
  std::mutex mutex_;  // guards everything below but thread_
  std::condition_variable_any changed_;
  std::map<std::string, Channel> channels_;
  std::map<Address, std::unique_ptr<Link>> links_;
  std::map<Address, SteadyTime> retry_at_;  // of nodes that could not be reached
  bool moved_ = false;                      // the cluster is not as we know it
  std::optional<Address> suspect_;          // the node that showed it, by not answering
  bool dirty_ = false;                      // channels came, went, or are not where they should be
  SteadyTime look_at_ = SteadyTime::max();  // when to try again what could not be done
  std::jthread thread_;
};

}  // namespace ottobot::redis
