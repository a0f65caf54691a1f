// So many launches at a time, the others in the order in which they came: a host that starts hundreds at once has none
// of them up in its time.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <iterator>
#include <mutex>
#include <set>
#include <utility>

#include "ottobot/call_context.hpp"

namespace ottobot::containers {

// Thread-safe. Outlives its passes.
class LaunchGate {
 public:
  // A place, until it is destroyed.
  class Pass {
   public:
    Pass(Pass&& other) noexcept : gate_(std::exchange(other.gate_, nullptr)), number_(other.number_) {}
    Pass& operator=(Pass&&) = delete;
    ~Pass() {
      if (gate_ != nullptr) gate_->leave(number_);
    }

   private:
    friend class LaunchGate;
    Pass(LaunchGate& gate, std::uint64_t number) : gate_(&gate), number_(number) {}
    LaunchGate* gate_;
    std::uint64_t number_;
  };

  explicit LaunchGate(std::size_t places) : places_(places) {}

  // Blocks until there is a place. Errors: cancelled, deadline_exceeded.
  Result<Pass> enter(const CallContext& ctx);

 private:
  void leave(std::uint64_t number);

  const std::size_t places_;
  std::mutex mutex_;
  std::condition_variable_any somebody_left_;
  std::uint64_t next_ = 0;
  std::set<std::uint64_t> present_;  // the first `places_` of them are in, the others wait
};

}  // namespace ottobot::containers
