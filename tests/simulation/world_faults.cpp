// What goes wrong in a run, and how it comes right again.
#include <algorithm>
#include <utility>

#include "simulation/world.hpp"

namespace ottobot::simulation {

void World::later(std::function<void()> task) {
  auto process = std::make_shared<Process>();
  process->name = "somebody";
  threads_.push_back(scheduler_.spawn(std::move(process), std::move(task)));
}

void World::start_worker(WorkerPlace& place) {
  worker::WorkerOptions options;
  // Some come back under the name that they had.
  if (place.starts++ > 0 && scheduler_.random().chance(0.5)) place.id += "'";
  worker_ids_.insert(place.id);
  options.worker_id = place.id;
  options.host_id = place.host->id;
  options.concurrency = 2;
  options.lease_ttl = plan_.lease_ttl;
  options.reap_interval = std::chrono::seconds(3);
  options.retention = plan_.sessions_expire ? std::chrono::seconds(15) : std::chrono::hours(1);
  options.vnc_ports = {6080, 6083};
  options.mcp_ports = {8080, 8083};
  options.limits.disk_bytes = 0;
  options.has_peers = true;
  scheduler_.trace("start " + place.id + " on " + place.host->id);
  place.worker = std::make_unique<WorkerProcess>(outside_, *place.host, options);
}

void World::start_api(ApiPlace& place, std::size_t number) {
  place.api = std::make_shared<ApiProcess>(outside_, "api" + std::to_string(number), plan_.sessions_expire ? 15 : 3600);
}

void World::make_faults() {
  Random& random = scheduler_.random();
  const Nanos until = scheduler_.now() + plan_.fault_time;
  while (scheduler_.now() < until && !is_over()) {
    scheduler_.sleep_for(random.between(plan_.between_faults / 4, plan_.between_faults * 2));
    const auto kind = random.below(8);
    if (kind < 5) {
      trouble_worker(workers_[random.below(workers_.size())]);
    } else if (kind < 7) {
      trouble_api(apis_[random.below(apis_.size())]);
    } else {
      kill_a_sandbox();
    }
  }
}

void World::trouble_worker(WorkerPlace& place) {
  if (std::exchange(place.in_trouble, true)) return;
  Random& random = scheduler_.random();
  const auto kind = random.below(4);
  const Nanos duration = random.between(100 * kMillisecond, random.chance(0.5) ? 2 * kSecond : 14 * kSecond);
  ProcessPtr process = place.worker->process;
  constexpr const char* kKinds[] = {" is killed", " stands still", " is cut off", " is told to end"};
  scheduler_.trace(process->name + kKinds[kind]);
  later([this, &place, process, kind, duration] {
    if (kind == 0) {
      place.worker->kill();
      later([ended = std::shared_ptr<WorkerProcess>(std::move(place.worker))]() mutable { ended.reset(); });
    } else if (kind == 1) {
      scheduler_.freeze(*process);
    } else if (kind == 2) {
      process->cut_off = true;
    } else {
      place.worker.reset();
    }
    scheduler_.sleep_for(duration);
    scheduler_.thaw(*process);
    process->cut_off = false;
    scheduler_.trace(process->name + " is over its trouble");
    if (!place.worker) start_worker(place);
    place.in_trouble = false;
  });
}

void World::trouble_api(ApiPlace& place) {
  if (std::exchange(place.in_trouble, true)) return;
  Random& random = scheduler_.random();
  const auto kind = random.below(3);
  const Nanos duration = random.between(100 * kMillisecond, 8 * kSecond);
  ProcessPtr process = place.api->process;
  constexpr const char* kKinds[] = {" is killed", " stands still", " is cut off"};
  scheduler_.trace(process->name + kKinds[kind]);
  later([this, &place, process, kind, duration] {
    if (kind == 0) process->dead = true;
    if (kind == 1) scheduler_.freeze(*process);
    if (kind == 2) process->cut_off = true;
    scheduler_.sleep_for(duration);
    scheduler_.thaw(*process);
    process->cut_off = false;
    scheduler_.trace(process->name + " is over its trouble");
    if (kind == 0) start_api(place, static_cast<std::size_t>(&place - apis_.data()));
    place.in_trouble = false;
  });
}

void World::kill_a_sandbox() {
  Host& host = *hosts_[scheduler_.random().below(hosts_.size())];
  const auto sandboxes = host.backend.list({}, {});
  if (!sandboxes || sandboxes->empty()) return;
  const std::string name = (*sandboxes)[scheduler_.random().below(sandboxes->size())].name;
  scheduler_.trace(name + " dies");
  host.backend.crash(name);
  host.sandboxes.stop(name);
}

// All that is in trouble comes over it; users get what they ask for.
void World::end_faults() {
  store_weather_ = {};
  sandbox_weather_ = {};
  scheduler_.trace("the faults are over");
  while (!threads_.empty()) {
    const std::uint64_t thread = threads_.back();
    threads_.pop_back();
    scheduler_.join(thread);
  }
}

}  // namespace ottobot::simulation
