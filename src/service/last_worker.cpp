#include "service/last_worker.hpp"

#include <algorithm>
#include <atomic>
#include <thread>
#include <vector>

namespace ottobot::service {
namespace {

constexpr std::chrono::milliseconds kGrace{1'000};
constexpr std::size_t kAtATime = 8;

}  // namespace

bool was_last_worker(Queue& queue, const std::string& host_id, const CallContext& ctx) {
  const auto workers = queue.workers(ctx);
  return workers && std::none_of(workers->begin(), workers->end(),
                                 [&](const WorkerRecord& worker) { return worker.alive && worker.host_id == host_id; });
}

void stop_sandboxes(ContainerBackend& backend, const std::string& instance, Logger& logger, const CallContext& ctx) {
  const auto sandboxes = backend.list({{labels::kInstance, instance}}, ctx);
  if (!sandboxes) {
    logger.warn("sandboxes are left running", {{"error", sandboxes.error().to_string()}});
    return;
  }
  std::atomic<std::size_t> next{0};
  const auto stop_some = [&] {
    for (std::size_t n = next++; n < sandboxes->size() && ctx.check(); n = next++) {
      const auto stopped = backend.stop((*sandboxes)[n].name, kGrace, ctx);
      if (stopped || stopped.error().code == ErrorCode::not_found) continue;
      logger.warn("a sandbox is left running",
                  {{"sandbox", (*sandboxes)[n].name}, {"error", stopped.error().to_string()}});
    }
  };
  std::vector<std::jthread> threads;
  for (std::size_t n = 0; n < std::min(kAtATime, sandboxes->size()); ++n) threads.emplace_back(stop_some);
}

}  // namespace ottobot::service
