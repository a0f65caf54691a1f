#include "simulation/world.hpp"

#include "ottobot/stores/memory.hpp"

namespace ottobot::simulation {
namespace {

// In good weather everything comes to rest in this time: the longest that something waits for is a job whose worker
// died (30 s), behind calls with a deadline of their own.
constexpr Nanos kLongestUntilSettled = 120 * kSecond;
constexpr Nanos kLook = 500 * kMillisecond;

Weather draw_weather(Random& random) {
  Weather weather;
  if (random.chance(0.2)) return weather;
  weather.lost_before = 0.002 * static_cast<double>(random.below(40));
  weather.lost_after = 0.002 * static_cast<double>(random.below(40));
  weather.slow = 0.002 * static_cast<double>(random.below(40));
  weather.slowest = random.between(100 * kMillisecond, 6 * kSecond);
  return weather;
}

}  // namespace

Plan::Plan(Random& random)
    : workers(1 + random.below(3)),
      hosts(1 + random.below(2)),
      apis(1 + random.below(2)),
      sessions(1 + random.below(3)),
      most_prompts(1 + random.below(4)),
      sessions_expire(random.chance(0.25)),
      fault_time(random.between(2 * kSecond, 30 * kSecond)),
      between_faults(random.between(300 * kMillisecond, 6 * kSecond)),
      to_store(draw_weather(random)),
      to_sandboxes(draw_weather(random)),
      lease_ttl(random.chance(0.5) ? 4000 : 10000) {
  to_store.silent = random.chance(0.3) ? 0.3 : 0;
}

World::World(Scheduler& scheduler)
    : scheduler_(scheduler),
      plan_(scheduler.random()),
      ledger_(scheduler),
      store_(make_memory_store(system_clock())),
      queue_(make_memory_queue(system_clock())),
      outside_{scheduler, *store_, *queue_, ledger_, store_weather_, sandbox_weather_} {}

World::~World() = default;

std::string World::play() {
  store_weather_ = plan_.to_store;
  sandbox_weather_ = plan_.to_sandboxes;
  for (std::size_t i = 0; i < plan_.hosts; ++i) {
    hosts_.push_back(std::make_unique<Host>(scheduler_, ledger_, "host" + std::to_string(i)));
  }
  workers_.resize(plan_.workers);
  for (std::size_t i = 0; i < plan_.workers; ++i) {
    workers_[i].id = "worker" + std::to_string(i);
    workers_[i].host = hosts_[i % plan_.hosts].get();
    start_worker(workers_[i]);
  }
  apis_.resize(plan_.apis);
  for (std::size_t i = 0; i < plan_.apis; ++i) start_api(apis_[i], i);
  told_.resize(plan_.sessions);
  for (std::size_t i = 0; i < plan_.sessions; ++i) later([this, i] { use_session(i); });
  make_faults();
  end_faults();
  const Nanos latest = scheduler_.now() + kLongestUntilSettled;
  while (!is_over()) {
    const std::string left = what_is_left();
    if (left.empty()) break;
    if (scheduler_.now() > latest) ledger_.violated("nobody comes for " + left);
    scheduler_.sleep_for(kLook);
  }
  for (const Acknowledged& told : told_) check_told(told);
  const auto sessions = ledger_.sessions();
  if (sessions.size() > plan_.sessions) ledger_.violated("a session was made twice");
  for (const std::string& id : sessions) check_session(id);
  close();
  return ledger_.violation();
}

void World::close() {
  for (WorkerPlace& place : workers_) place.worker.reset();
  apis_.clear();
}

}  // namespace ottobot::simulation
