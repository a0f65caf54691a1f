// What is seen of a queue by whoever looks into it. Times are 0 where they do not apply or are not known.
#pragma once

#include <cstddef>
#include <string>

#include "ottobot/clock.hpp"

namespace ottobot {

struct QueueCounts {
  std::size_t waiting = 0, delayed = 0, leased = 0, dead = 0;
};

struct QueueOverview {
  std::string name;
  QueueCounts counts;
  UnixMillis oldest_since = 0;  // its oldest job waits, by the clock of who pushed it
};

enum class JobState { leased, waiting, delayed };

struct QueuedJob {
  std::string id;
  JobState state = JobState::waiting;
  int attempt = 1;
  UnixMillis since = 0;  // it has been waiting, by the clock of who pushed it
  UnixMillis until = 0;  // its delay or its lease ends
};

struct DeadJob {
  std::string queue, id, reason;
  int attempts = 0;
  UnixMillis died_at = 0;
};

}  // namespace ottobot
