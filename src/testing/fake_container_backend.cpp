#include "ottobot/testing/fake_container_backend.hpp"

#include <condition_variable>
#include <deque>
#include <mutex>
#include <set>

#include "ottobot/ids.hpp"

namespace ottobot::testing {

class FakeContainerHost {
 public:
  struct Entry {
    Sandbox sandbox;
    std::vector<std::string> log;
    std::uint64_t disk_usage = 0;
    std::uint64_t cpu_time_us = 1000;
  };

  std::mutex mutex;  // guards everything below
  std::condition_variable_any launched;
  std::map<std::string, Entry> entries;
  std::set<std::string> launching;  // names whose launch is under way
  std::set<std::string> images;
  std::map<std::string, int> starts;
  std::map<std::string, std::deque<Error>> failures;  // by operation
};

std::shared_ptr<FakeContainerHost> make_fake_container_host() { return std::make_shared<FakeContainerHost>(); }

namespace {

using Entry = FakeContainerHost::Entry;

bool valid_name(const std::string& name) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  };
  return !name.empty() && name.size() <= 64 && std::all_of(name.begin(), name.end(), allowed);
}

Failure no_sandbox(const std::string& name) { return not_found("no sandbox " + name); }

bool matches(const std::map<std::string, std::string>& labels, const std::map<std::string, std::string>& selector) {
  for (const auto& [key, value] : selector) {
    const auto found = labels.find(key);
    if (found == labels.end() || found->second != value) return false;
  }
  return true;
}

bool alive(SandboxState state) { return state == SandboxState::running || state == SandboxState::paused; }

// Makes one launch per name at a time: waits for its turn and gives it back.
class LaunchTurn {
 public:
  static Result<std::unique_ptr<LaunchTurn>> take(FakeContainerHost& host, const std::string& name,
                                                  const CallContext& ctx) {
    std::unique_lock lock(host.mutex);
    const auto free = [&] { return host.launching.count(name) == 0; };
    const bool ours = ctx.deadline == SteadyTime::max() ? host.launched.wait(lock, ctx.stop, free)
                                                        : host.launched.wait_until(lock, ctx.stop, ctx.deadline, free);
    if (!ours) return fail(ctx.check().error());
    host.launching.insert(name);
    return std::make_unique<LaunchTurn>(host, name);
  }
  LaunchTurn(FakeContainerHost& host, std::string name) : host_(host), name_(std::move(name)) {}
  LaunchTurn(const LaunchTurn&) = delete;
  LaunchTurn& operator=(const LaunchTurn&) = delete;
  ~LaunchTurn() {
    std::lock_guard lock(host_.mutex);
    host_.launching.erase(name_);
    host_.launched.notify_all();
  }

 private:
  FakeContainerHost& host_;
  std::string name_;
};

// The running sandbox of that name, thawed; nullopt when one has to be started.
Result<std::optional<Sandbox>> find_running(FakeContainerHost& host, const LaunchParams& params) {
  std::lock_guard lock(host.mutex);
  if (!params.image.empty() && !host.images.count(params.image)) return not_found("no image " + params.image);
  const auto found = host.entries.find(params.name);
  if (found == host.entries.end() || !alive(found->second.sandbox.state)) return std::optional<Sandbox>{};
  found->second.sandbox.state = SandboxState::running;
  return std::optional<Sandbox>(found->second.sandbox);
}

}  // namespace

FakeContainerBackend::FakeContainerBackend(FakeContainerOptions options) : options_(std::move(options)) {
  if (!options_.host) options_.host = make_fake_container_host();
  if (options_.clock == nullptr) options_.clock = &system_clock();
}

FakeContainerBackend::~FakeContainerBackend() = default;

Result<void> FakeContainerBackend::enter(const std::string& operation, const CallContext& ctx) const {
  if (auto more = ctx.check(); !more) return more;
  std::lock_guard lock(options_.host->mutex);
  auto& scripted = options_.host->failures[operation];
  if (scripted.empty()) return {};
  Error error = std::move(scripted.front());
  scripted.pop_front();
  return fail(std::move(error));
}

Result<void> FakeContainerBackend::probe(const CallContext& ctx) { return enter("probe", ctx); }

Result<Sandbox> FakeContainerBackend::launch(const LaunchParams& params, const LaunchProgress& progress,
                                             const CallContext& ctx) {
  if (auto entered = enter("launch", ctx); !entered) return fail(entered.error());
  if (!valid_name(params.name)) return invalid_field("name", "must be 1 to 64 of A-Za-z0-9_-");
  FakeContainerHost& host = *options_.host;
  auto turn = LaunchTurn::take(host, params.name, ctx);
  if (!turn) return fail(turn.error());
  auto running = find_running(host, params);
  if (!running) return fail(running.error());
  if (*running) return **running;

  if (progress) progress(0, "starting");
  if (options_.on_launch) {
    if (auto hooked = options_.on_launch(params, ctx); !hooked) return fail(hooked.error());
  }
  Sandbox sandbox;
  sandbox.name = params.name;
  sandbox.state = SandboxState::running;
  sandbox.labels = params.labels;
  sandbox.created_at = options_.clock->now_ms();
  sandbox.endpoint = options_.endpoint ? options_.endpoint(params)
                                       : Endpoint{"unix:/nonexistent/" + params.name + ".sock", new_secret(), {}};
  {
    std::lock_guard lock(host.mutex);
    host.entries[params.name] = {sandbox, {"started " + params.name}};
    ++host.starts[params.name];
  }
  if (progress) progress(100, "ready");
  return sandbox;
}

Result<Sandbox> FakeContainerBackend::inspect(const std::string& name, const CallContext& ctx) {
  if (auto entered = enter("inspect", ctx); !entered) return fail(entered.error());
  std::lock_guard lock(options_.host->mutex);
  const auto found = options_.host->entries.find(name);
  if (found == options_.host->entries.end()) return no_sandbox(name);
  return found->second.sandbox;
}

Result<void> FakeContainerBackend::pause(const std::string& name, const CallContext& ctx) {
  if (auto entered = enter("pause", ctx); !entered) return entered;
  std::lock_guard lock(options_.host->mutex);
  const auto found = options_.host->entries.find(name);
  if (found == options_.host->entries.end()) return no_sandbox(name);
  if (!alive(found->second.sandbox.state)) return conflict("the sandbox " + name + " does not run");
  found->second.sandbox.state = SandboxState::paused;
  return {};
}

Result<void> FakeContainerBackend::resume(const std::string& name, const CallContext& ctx) {
  if (auto entered = enter("resume", ctx); !entered) return entered;
  std::lock_guard lock(options_.host->mutex);
  const auto found = options_.host->entries.find(name);
  if (found == options_.host->entries.end()) return no_sandbox(name);
  if (!alive(found->second.sandbox.state)) return conflict("the sandbox " + name + " does not run");
  found->second.sandbox.state = SandboxState::running;
  return {};
}

Result<void> FakeContainerBackend::stop(const std::string& name, std::chrono::milliseconds, const CallContext& ctx) {
  if (auto entered = enter("stop", ctx); !entered) return entered;
  std::lock_guard lock(options_.host->mutex);
  const auto found = options_.host->entries.find(name);
  if (found == options_.host->entries.end()) return no_sandbox(name);
  found->second.sandbox.state = SandboxState::exited;
  return {};
}

Result<void> FakeContainerBackend::remove(const std::string& name, const CallContext& ctx) {
  if (auto entered = enter("remove", ctx); !entered) return entered;
  std::lock_guard lock(options_.host->mutex);
  options_.host->entries.erase(name);
  return {};
}

Result<std::vector<Sandbox>> FakeContainerBackend::list(const std::map<std::string, std::string>& selector,
                                                        const CallContext& ctx) {
  if (auto entered = enter("list", ctx); !entered) return fail(entered.error());
  std::lock_guard lock(options_.host->mutex);
  std::vector<Sandbox> found;
  for (const auto& [name, entry] : options_.host->entries) {
    if (matches(entry.sandbox.labels, selector)) found.push_back(entry.sandbox);
  }
  return found;
}

Result<std::string> FakeContainerBackend::logs(const std::string& name, int tail_lines, const CallContext& ctx) {
  if (auto entered = enter("logs", ctx); !entered) return fail(entered.error());
  std::lock_guard lock(options_.host->mutex);
  const auto found = options_.host->entries.find(name);
  if (found == options_.host->entries.end()) return no_sandbox(name);
  const auto& lines = found->second.log;
  const auto wanted = std::min<std::size_t>(lines.size(), static_cast<std::size_t>(std::max(tail_lines, 0)));
  std::string text;
  for (std::size_t at = lines.size() - wanted; at < lines.size(); ++at) text += lines[at] + "\n";
  return text;
}

Result<SandboxStats> FakeContainerBackend::stats(const std::string& name, const CallContext& ctx) {
  if (auto entered = enter("stats", ctx); !entered) return fail(entered.error());
  std::lock_guard lock(options_.host->mutex);
  const auto found = options_.host->entries.find(name);
  if (found == options_.host->entries.end()) return no_sandbox(name);
  if (!alive(found->second.sandbox.state)) return SandboxStats{};
  return SandboxStats{16 << 20, found->second.cpu_time_us, 1};
}

Result<std::uint64_t> FakeContainerBackend::disk_usage(const std::string& name, const CallContext& ctx) {
  if (auto entered = enter("disk_usage", ctx); !entered) return fail(entered.error());
  std::lock_guard lock(options_.host->mutex);
  const auto found = options_.host->entries.find(name);
  if (found == options_.host->entries.end()) return no_sandbox(name);
  return found->second.disk_usage;
}

Result<std::string> FakeContainerBackend::snapshot(const std::string& name, const CallContext& ctx) {
  if (auto entered = enter("snapshot", ctx); !entered) return fail(entered.error());
  std::lock_guard lock(options_.host->mutex);
  if (!options_.host->entries.count(name)) return no_sandbox(name);
  std::string image = "snapshot-of-" + name;
  options_.host->images.insert(image);
  return image;
}

void FakeContainerBackend::fail_next(const std::string& operation, Error error, int times) {
  std::lock_guard lock(options_.host->mutex);
  for (int i = 0; i < times; ++i) options_.host->failures[operation].push_back(error);
}

void FakeContainerBackend::crash(const std::string& name) {
  std::lock_guard lock(options_.host->mutex);
  const auto found = options_.host->entries.find(name);
  if (found != options_.host->entries.end()) found->second.sandbox.state = SandboxState::exited;
}

void FakeContainerBackend::set_disk_usage(const std::string& name, std::uint64_t bytes, std::uint64_t cpu_time_us) {
  std::lock_guard lock(options_.host->mutex);
  const auto found = options_.host->entries.find(name);
  if (found == options_.host->entries.end()) return;
  found->second.disk_usage = bytes;
  found->second.cpu_time_us += cpu_time_us;
}

void FakeContainerBackend::write_log(const std::string& name, const std::string& line) {
  std::lock_guard lock(options_.host->mutex);
  const auto found = options_.host->entries.find(name);
  if (found != options_.host->entries.end()) found->second.log.push_back(line);
}

int FakeContainerBackend::starts(const std::string& name) const {
  std::lock_guard lock(options_.host->mutex);
  const auto found = options_.host->starts.find(name);
  return found == options_.host->starts.end() ? 0 : found->second;
}

}  // namespace ottobot::testing
