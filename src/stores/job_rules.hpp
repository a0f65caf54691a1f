// What every Queue does with jobs, whatever it keeps them in. Pure functions.
#pragma once

#include "ottobot/queue.hpp"

namespace ottobot::stores {

// After failure number `attempt`, counted from 1.
std::chrono::milliseconds backoff_of(const FailJobParams& params, int attempt);

// Of every Queue: the newest of a queue's dead letters are kept.
inline constexpr std::size_t kMaxDeadLetters = 1000;

Failure lease_lost(const Job& job);

}  // namespace ottobot::stores
