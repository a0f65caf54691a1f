// Keeps the leases of running sessions alive, on one thread.
//
// A lease that was taken over, or that could not be renewed in time by the monotonic clock, fires its token before
// anybody else can be the owner. It is renewed often, as it is short where other workers wait for its end: so that this
// one may be without the processor, or without an answer, for about half of its time.
#pragma once

#include <condition_variable>
#include <list>
#include <mutex>
#include <stop_token>
#include <thread>

#include "ottobot/log.hpp"
#include "ottobot/session_store.hpp"

namespace ottobot::worker {

class LeaseKeeper {
 public:
  LeaseKeeper(SessionStore& store, Logger& logger, std::chrono::milliseconds ttl);
  ~LeaseKeeper();

  // While it exists, the lease is renewed. Releases it when destroyed.
  class Held {
   public:
    // `asked_at`: from before the call that acquired it, as the store's own count can only begin later.
    Held(LeaseKeeper& keeper, Lease lease, SteadyTime asked_at);
    ~Held();
    Held(const Held&) = delete;
    Held& operator=(const Held&) = delete;
    const Lease& lease() const { return lease_; }
    std::stop_token lost() const { return lost_.get_token(); }

   private:
    friend class LeaseKeeper;
    LeaseKeeper& keeper_;
    Lease lease_;
    std::stop_source lost_;
    SteadyTime renewed_at_;
  };

 private:
  void run(const std::stop_token& stop);
  void renew_all();
  void renew(Held& held, const CallContext& ctx);

  SessionStore& store_;
  Logger& logger_;
  const std::chrono::milliseconds ttl_;
  std::mutex mutex_;  // guards held_; held during renewals, so that a Held cannot vanish meanwhile
  std::condition_variable_any changed_;
  std::list<Held*> held_;
  std::jthread thread_;
};

}  // namespace ottobot::worker
