// Leases, adoption, inbox and queue under everything that may go wrong between processes, by seeds.
//
//   OTTOBOT_SIMULATION_SEED   the first seed, to see one run again
//   OTTOBOT_SIMULATION_SEEDS  how many
//   OTTOBOT_SIMULATION_STEPS  how many of the last steps are shown of a run that fails

#include <gtest/gtest.h>

#include <cstdlib>
#include <thread>

#include "simulation/world.hpp"

namespace ottobot::simulation {
namespace {

struct Outcome {
  std::string violation, last_steps;
  std::uint64_t trace_hash = 0, switches = 0;
  std::size_t stray_jobs = 0;
  Nanos lasted = 0;
};

#ifdef __SANITIZE_ADDRESS__
constexpr std::uint64_t kSeeds = 100;  // each takes many times as long
#else
constexpr std::uint64_t kSeeds = 700;
#endif

std::uint64_t number_from(const char* variable, std::uint64_t otherwise) {
  const char* text = std::getenv(variable);
  return text != nullptr ? std::strtoull(text, nullptr, 10) : otherwise;
}

// On a real thread of its own, so that nothing of a run is left in what threads keep for themselves.
Outcome run_seed(std::uint64_t seed) {
  Outcome outcome;
  std::thread thread([&] {
    Scheduler scheduler(seed);
    scheduler.keep_steps(number_from("OTTOBOT_SIMULATION_STEPS", 200));
    scheduler.run([&] {
      World world(scheduler);
      outcome.violation = world.play();
      outcome.stray_jobs = world.stray_jobs();
    });
    outcome.last_steps = scheduler.last_steps();
    outcome.trace_hash = scheduler.trace_hash();
    outcome.switches = scheduler.switches();
    outcome.lasted = scheduler.now();
  });
  thread.join();
  return outcome;
}

TEST(Simulation, KeepsItsPromisesWhateverFails) {
  const std::uint64_t first = number_from("OTTOBOT_SIMULATION_SEED", 1);
  const std::uint64_t count =
      number_from("OTTOBOT_SIMULATION_SEEDS", std::getenv("OTTOBOT_SIMULATION_SEED") ? 1 : kSeeds);
  std::uint64_t switches = 0;
  std::size_t stray_jobs = 0;
  Nanos lasted = 0;
  for (std::uint64_t seed = first; seed < first + count; ++seed) {
    const Outcome outcome = run_seed(seed);
    switches += outcome.switches;
    lasted += outcome.lasted;
    stray_jobs += outcome.stray_jobs;
    ASSERT_TRUE(outcome.violation.empty())
        << outcome.last_steps << "\nseed " << seed << ": " << outcome.violation
        << "\nagain: OTTOBOT_SIMULATION_SEED=" << seed << " build/dev/tests/simulation_test";
  }
  EXPECT_LE(stray_jobs, count / 100 + 1) << "jobs stay behind in queues that nobody takes from";
  std::printf("%llu seeds, %llu switches, %.0f s of their time, %zu stray jobs\n",
              static_cast<unsigned long long>(count), static_cast<unsigned long long>(switches),
              static_cast<double>(lasted) / 1e9, stray_jobs);
}

TEST(Simulation, IsAFunctionOfItsSeed) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    const Outcome once = run_seed(seed), again = run_seed(seed);
    ASSERT_EQ(once.trace_hash, again.trace_hash) << "seed " << seed;
    EXPECT_EQ(once.switches, again.switches);
    EXPECT_EQ(once.lasted, again.lasted);
  }
  EXPECT_NE(run_seed(1).trace_hash, run_seed(2).trace_hash);
}

}  // namespace
}  // namespace ottobot::simulation
