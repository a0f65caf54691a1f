// What is done to the processes of a service, and when: a pure function of a seed.
//
//   OTTOBOT_CHAOS_SECONDS    how long (60)
//   OTTOBOT_CHAOS_SESSIONS   sessions at the same time (40)
//   OTTOBOT_CHAOS_SEED       repeats the plan of a run that printed it; what the processes do meanwhile is their own
//                            affair
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace ottobot::integration {

struct ChaosOptions {
  std::chrono::seconds duration{60};
  int sessions = 40;
  std::uint32_t seed = 0;
  int apis = 2, workers = 3;

  // Of the environment.
  static ChaosOptions from_environment();
  // Of one session, in which they come apace but leave it idle in between.
  int prompts() const;
};

enum class Blow { kill, terminate, freeze, restart_redis };
std::string to_string(Blow blow);

// A process is struck, and after a while as before: started again, or thawed.
struct Mischief {
  std::chrono::milliseconds at{0}, mended_at{0};
  Blow blow = Blow::kill;
  std::size_t target = 0;  // workers first, then API servers; of no meaning for Redis
};

// By time. An API server and a worker are always left alone, and each process has a moment to come round; among them
// are a worker and an API server that freeze, and Redis is restarted.
std::vector<Mischief> plan_chaos(const ChaosOptions& options);

}  // namespace ottobot::integration
