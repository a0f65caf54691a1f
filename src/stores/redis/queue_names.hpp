// The names of the queues that there are, in Redis: what a queue's own keys cannot tell.
//
// A name has a serial, a new one whenever somebody notes it. So whoever forgets a queue sees that it was noted
// meanwhile, though name and queue are in two slots: first the queue is marked as forgotten, then the name goes if its
// serial is still the one of before. A push that meets the mark notes the name again before it puts anything there.
// Serials are never given twice: a name may be removed and noted between the two steps of somebody who is slow.
// Thread-safe.
#pragma once

#include <chrono>
#include <map>
#include <mutex>
#include <set>
#include <string>

#include "redis/client.hpp"

namespace ottobot::stores {

class QueueNames {
 public:
  // `client` is borrowed.
  explicit QueueNames(redis::Client& client) : client_(client), key_(client.options().key_prefix + ":queues") {}

  // Does nothing when this process has noted it not long ago. Errors, of all: those of the client.
  Result<void> note(const std::string& queue, const CallContext& ctx);
  // In any case: somebody has forgotten the queue.
  Result<void> note_again(const std::string& queue, const CallContext& ctx);
  // Of the queue; empty when nobody knows its name.
  Result<std::string> serial(const std::string& queue, const CallContext& ctx);
  // Unless it was noted since serial().
  Result<void> remove(const std::string& queue, const std::string& serial, const CallContext& ctx);
  Result<std::set<std::string>> all(const CallContext& ctx);
  // By this process, not long ago: there, unless somebody has forgotten them, even if Redis has lost the names.
  std::set<std::string> noted() const;

  // How long a queue's mark stays. Within that, everybody who pushes to it has to have noted it again.
  static constexpr std::chrono::seconds kMarkKept{3600};

 private:
  redis::Client& client_;
  const std::string key_;
  mutable std::mutex mutex_;  // guards noted_
  std::map<std::string, SteadyTime> noted_;
};

}  // namespace ottobot::stores
