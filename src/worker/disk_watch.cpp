#include "worker/disk_watch.hpp"

#include <algorithm>

#include "worker/session_runner.hpp"

namespace ottobot::worker {
namespace {

constexpr std::chrono::milliseconds kBackendTimeout{30000};
constexpr std::chrono::milliseconds kMeasureTimeout{60000};
// A sandbox that used less of the processor has written nothing to speak of.
constexpr std::uint64_t kIdleCpuUs = 2000;
constexpr std::chrono::minutes kLongestTrust{5};  // in that
constexpr int kRestPerWork = 20;
constexpr std::uint64_t kPartsToTidyUpIn = 64;  // of the limit

}  // namespace

DiskWatch::DiskWatch(ContainerBackend& backend, Clock& clock, Logger& logger, DiskWatchOptions options)
    : backend_(backend), clock_(clock), logger_(logger), options_(std::move(options)) {
  if (options_.limit_bytes == 0) return;
  thread_ = std::jthread([this](const std::stop_token& stop) { go_round(stop); });
}

void DiskWatch::stop() {
  thread_.request_stop();
  if (thread_.joinable()) thread_.join();
}

std::optional<Error> DiskWatch::take_verdict(const std::string& sandbox_name) {
  std::lock_guard lock(mutex_);
  auto found = verdicts_.extract(sandbox_name);
  if (found.empty()) return std::nullopt;
  return std::move(found.mapped());
}

void DiskWatch::go_round(const std::stop_token& stop) {
  CallContext ctx;
  ctx.stop = stop;
  Looks looks;
  while (!stop.stop_requested()) {
    const SteadyTime begun = clock_.steady_now();
    look_at_all(looks, ctx);
    const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(clock_.steady_now() - begun);
    (void)clock_.sleep_for(std::max(options_.interval, took * kRestPerWork), ctx);
  }
}

void DiskWatch::look_at_all(Looks& looks, const CallContext& ctx) {
  const auto sandboxes = backend_.list({{labels::kInstance, options_.instance}}, ctx.within(kBackendTimeout));
  if (!sandboxes) return;  // the reaper tells
  Looks now;
  for (const Sandbox& sandbox : *sandboxes) {
    if (ctx.stop.stop_requested()) return;
    if (sandbox.state != SandboxState::running) continue;
    const auto found = looks.find(sandbox.name);
    const bool same_life = found != looks.end() && found->second.created_at == sandbox.created_at;
    if (auto look = look_at(sandbox, same_life ? &found->second : nullptr, ctx)) now[sandbox.name] = *look;
  }
  looks = std::move(now);
}

// nullopt when it ended, by itself or by us.
std::optional<DiskWatch::Look> DiskWatch::look_at(const Sandbox& sandbox, const Look* before, const CallContext& ctx) {
  const auto stats = backend_.stats(sandbox.name, ctx.within(kBackendTimeout));
  if (!stats) return before == nullptr ? std::nullopt : std::optional(*before);
  const SteadyTime now = clock_.steady_now();
  if (before != nullptr && stats->cpu_time_us < before->cpu_time_us + kIdleCpuUs && now < before->at + kLongestTrust) {
    return *before;
  }
  const auto used = backend_.disk_usage(sandbox.name, ctx.within(kMeasureTimeout));
  if (!used) return before == nullptr ? std::nullopt : std::optional(*before);
  const std::uint64_t limit = options_.limit_bytes;
  const std::uint64_t to_begin_with = *used <= limit ? limit : std::min(*used + limit / kPartsToTidyUpIn, limit * 2);
  const Look look{sandbox.created_at, stats->cpu_time_us, before == nullptr ? to_begin_with : before->allowed_bytes,
                  now};
  if (*used <= look.allowed_bytes) return look;
  end(sandbox.name, *used, ctx);
  return std::nullopt;
}

void DiskWatch::end(const std::string& name, std::uint64_t used, const CallContext& ctx) {
  auto verdict =
      resource_exhausted("the sandbox was stopped: its files take " + in_mib(used) + ", and a session may have " +
                             in_mib(options_.limit_bytes),
                         used > options_.limit_bytes * 2 ? "download what you need and delete the session"
                                                         : "its next prompt should be to delete what is not needed");
  {
    std::lock_guard lock(mutex_);  // first: whoever misses the sandbox looks for the reason
    verdicts_.insert_or_assign(name, verdict.value());
  }
  const auto stopped = backend_.stop(name, std::chrono::milliseconds(0), ctx.within(kBackendTimeout));
  logger_.warn("stopped a sandbox whose files take too much of the disk",
               {{"sandbox", name}, {"bytes", used}, {"limit", options_.limit_bytes}, {"ok", stopped.has_value()}});
}

}  // namespace ottobot::worker
