#include <unistd.h>

#include <algorithm>
#include <memory>

#include "containers/common/files.hpp"
#include "containers/common/folder_lock.hpp"
#include "containers/docker/end_container.hpp"
#include "containers/docker/helper_container.hpp"
#include "containers/docker/images.hpp"
#include "containers/docker/launch_book.hpp"
#include "containers/docker/launch_container.hpp"
#include "containers/docker/network_release.hpp"
#include "ottobot/ids.hpp"

namespace ottobot::containers {
namespace {

constexpr std::size_t kLongestLog = 256 << 10;
// After a launch that failed, perhaps because the engine hangs.
constexpr std::chrono::milliseconds kForgetTime{2'000};
constexpr const char* kTokenName = "OTTOBOT_SANDBOX_TOKEN=";

using Missing = FolderLock::Missing;

Failure no_sandbox(const std::string& name) { return not_found("no sandbox " + name); }

std::string token_of(const ContainerFacts& facts) {
  for (const auto& entry : facts.env) {
    if (entry.rfind(kTokenName, 0) == 0) return entry.substr(std::string(kTokenName).size());
  }
  return {};
}

class DockerBackend final : public ContainerBackend {
 public:
  explicit DockerBackend(std::unique_ptr<DockerSite> site) : site_(std::move(site)) {}

  std::string name() const override { return "docker"; }
  Result<void> probe(const CallContext& ctx) override;
  Result<Sandbox> launch(const LaunchParams& params, const LaunchProgress& progress, const CallContext& ctx) override;
  Result<Sandbox> inspect(const std::string& name, const CallContext& ctx) override;
  Result<void> pause(const std::string& name, const CallContext& ctx) override;
  Result<void> resume(const std::string& name, const CallContext& ctx) override;
  Result<void> stop(const std::string& name, std::chrono::milliseconds grace, const CallContext& ctx) override;
  Result<void> remove(const std::string& name, const CallContext& ctx) override;
  Result<std::vector<Sandbox>> list(const LabelMap& selector, const CallContext& ctx) override;
  Result<std::string> logs(const std::string& name, int tail_lines, const CallContext& ctx) override;
  Result<SandboxStats> stats(const std::string& name, const CallContext& ctx) override;
  Result<std::uint64_t> disk_usage(const std::string& name, const CallContext& ctx) override;
  Result<std::string> snapshot(const std::string& name, const CallContext& ctx) override;

 private:
  // What there is of a sandbox: on this host, on the engine, or both.
  struct Known {
    std::optional<DockerRecord> record;
    std::optional<ContainerFacts> container;
    SandboxState state() const { return container ? container->state : SandboxState::exited; }
  };

  Result<std::optional<DockerRecord>> load(const std::string& name) const;
  Result<std::optional<ContainerFacts>> find_container(const std::string& name, const CallContext& ctx) const;
  Result<Known> find(const std::string& name, const CallContext& ctx) const;
  // The same, but a container must be there and be running or paused. Errors: also not_found, conflict.
  Result<ContainerFacts> find_running(const std::string& name, const CallContext& ctx) const;
  Sandbox describe(const std::string& name, const Known& known) const;
  Result<FolderLock> lock(const std::string& name, const CallContext& ctx) const;
  Result<Sandbox> launch_locked(const LaunchParams& params, const LaunchProgress& progress, const CallContext& ctx);
  Result<Sandbox> take_up(const LaunchParams& params, Known& known, const CallContext& ctx);
  Result<void> remove_locked(const std::string& name, const CallContext& ctx);
  // Of the sandbox's containers.
  Result<void> clear_engine(const std::string& name, const CallContext& ctx) const;
  Result<void> erase_files(const std::string& name) const;

  const std::unique_ptr<DockerSite> site_;
  LaunchBook launches_;
  NetworkRelease network_{*site_};
};

Result<void> DockerBackend::probe(const CallContext& ctx) {
  auto facts = site_->engine.facts(ctx);
  if (!facts) return fail(facts.error());
  if (!facts->os_type.empty() && facts->os_type != "linux") {
    return unsupported("the container engine runs " + facts->os_type + " containers",
                       "switch it to Linux containers, or set DOCKER_HOST to another engine");
  }
  if (::access(site_->options.sandboxd_path.c_str(), X_OK) != 0) {
    return unavailable("there is no " + site_->options.sandboxd_path, "install ottobot-sandboxd or give its path");
  }
  return {};
}

Result<std::optional<DockerRecord>> DockerBackend::load(const std::string& name) const {
  auto record = load_docker_record(site_->paths(name).record);
  if (record) return std::optional<DockerRecord>(std::move(*record));
  if (record.error().code == ErrorCode::not_found) return std::optional<DockerRecord>();
  return fail(record.error());
}

// Ours only: another's container of that name is not looked at.
Result<std::optional<ContainerFacts>> DockerBackend::find_container(const std::string& name,
                                                                    const CallContext& ctx) const {
  auto container = site_->engine.inspect(site_->container_name(name), ctx);
  if (container && *container && !site_->is_sandbox(**container)) return std::optional<ContainerFacts>();
  return container;
}

Result<DockerBackend::Known> DockerBackend::find(const std::string& name, const CallContext& ctx) const {
  if (!is_valid_name(name)) return no_sandbox(name);
  auto record = load(name);
  if (!record) return fail(record.error());
  auto container = find_container(name, ctx);
  if (!container) return fail(container.error());
  if (!*record && !*container) return no_sandbox(name);
  return Known{std::move(*record), std::move(*container)};
}

Result<ContainerFacts> DockerBackend::find_running(const std::string& name, const CallContext& ctx) const {
  auto known = find(name, ctx);
  if (!known) return fail(known.error());
  if (known->state() == SandboxState::exited) {
    return conflict("the sandbox " + name + " does not run", "launch it again");
  }
  return std::move(*known->container);
}

Sandbox DockerBackend::describe(const std::string& name, const Known& known) const {
  Sandbox sandbox;
  sandbox.name = name;
  sandbox.state = known.state();
  if (known.record) {
    sandbox.labels = known.record->labels;
    sandbox.endpoint = site_->endpoint(*known.record);
    sandbox.created_at = known.record->created_at;
    sandbox.warnings = known.record->warnings;
  } else if (known.container) {
    sandbox.labels = known.container->labels;
    sandbox.endpoint.token = token_of(*known.container);
    sandbox.warnings = {"this host has no record of the sandbox: it can be removed, or launched anew"};
  }
  return sandbox;
}

Result<FolderLock> DockerBackend::lock(const std::string& name, const CallContext& ctx) const {
  if (!is_valid_name(name)) return no_sandbox(name);
  auto lock = FolderLock::acquire(site_->paths(name).folder, Missing::is_error, ctx);
  if (!lock && lock.error().code == ErrorCode::not_found) return no_sandbox(name);
  return lock;
}

Result<Sandbox> DockerBackend::launch(const LaunchParams& params, const LaunchProgress& progress,
                                      const CallContext& ctx) {
  if (!is_valid_name(params.name)) return invalid_field("name", "must be 1 to 64 of A-Za-z0-9_-");
  if (auto more = ctx.check(); !more) return fail(more.error());
  const LaunchBook::Entry entry(launches_, params.name, ctx);
  auto lock = FolderLock::acquire(site_->paths(params.name).folder, Missing::is_made, entry.ctx());
  if (!lock) return fail(lock.error());
  return launch_locked(params, progress, entry.ctx());
}

Result<Sandbox> DockerBackend::launch_locked(const LaunchParams& params, const LaunchProgress& progress,
                                             const CallContext& ctx) {
  const std::string name = params.name;
  auto former = load(name);
  if (!former) return fail(former.error());
  // The files of an earlier life are not this launch's to delete.
  const auto forget = [&] {
    if (!*former) (void)erase_files(name);
  };
  auto container = site_->engine.inspect(site_->container_name(name), ctx);
  if (container && *container && !site_->is_sandbox(**container)) {
    container = conflict("a container " + (*container)->name + " is there that OttoBot did not make",
                         "docker rename or remove it");
  }
  if (!container) {
    forget();
    return fail(container.error());
  }
  Known known{*former, std::move(*container)};
  if (known.record && known.state() != SandboxState::exited) {
    auto running = take_up(params, known, ctx);
    if (running || running.error().code != ErrorCode::unavailable) return running;
  }
  if (known.container) {
    if (auto removed = clear_engine(name, ctx); !removed) return fail(removed.error());
  }
  DockerRecord record;
  record.name = name;
  record.labels = site_->labels_of(name, params.labels);
  record.token = new_secret();
  record.created_at = site_->clock.now_ms();
  auto launched = launch_container(*site_, record, params, progress, ctx);
  if (!launched) {
    // What is left on the engine has to be found again.
    const CallContext late = with_timeout(kForgetTime);
    const auto left = find_container(name, late);
    if (left && !*left && (*former || site_->engine.remove_volume(site_->container_name(name), late))) forget();
    network_.after_removal(late);
    return fail(launched.error());
  }
  Sandbox sandbox = describe(name, {std::move(record), {}});
  sandbox.state = SandboxState::running;
  return sandbox;
}

// One that runs, or is paused.
Result<Sandbox> DockerBackend::take_up(const LaunchParams& params, Known& known, const CallContext& ctx) {
  if (known.state() == SandboxState::paused) {
    if (auto thawed = site_->engine.unpause(known.container->id, ctx); !thawed) return fail(thawed.error());
    known.container->state = SandboxState::running;
  }
  if (auto ready = make_ready(*site_, *known.record, *known.container, ctx); !ready) return fail(ready.error());
  return describe(params.name, known);
}

Result<Sandbox> DockerBackend::inspect(const std::string& name, const CallContext& ctx) {
  auto known = find(name, ctx);
  if (!known) return fail(known.error());
  return describe(name, *known);
}

Result<void> DockerBackend::pause(const std::string& name, const CallContext& ctx) {
  auto lock = this->lock(name, ctx);
  if (!lock) return fail(lock.error());
  auto container = find_running(name, ctx);
  if (!container) return fail(container.error());
  if (container->state == SandboxState::paused) return {};
  return site_->engine.pause(container->id, ctx);
}

Result<void> DockerBackend::resume(const std::string& name, const CallContext& ctx) {
  auto lock = this->lock(name, ctx);
  if (!lock) return fail(lock.error());
  auto container = find_running(name, ctx);
  if (!container) return fail(container.error());
  if (container->state == SandboxState::running) return {};
  return site_->engine.unpause(container->id, ctx);
}

// Its files are in the workspace, and what is in the container beside them does not come back: a launch makes another.
Result<void> DockerBackend::stop(const std::string& name, std::chrono::milliseconds grace, const CallContext& ctx) {
  auto lock = this->lock(name, ctx);
  if (!lock) return fail(lock.error());
  auto known = find(name, ctx);
  if (!known) return fail(known.error());
  if (!known->container) return {};
  if (known->state() == SandboxState::paused) {
    if (auto thawed = site_->engine.unpause(known->container->id, ctx); !thawed) return thawed;
  }
  if (known->state() != SandboxState::exited) {
    if (auto ended = end_container(site_->engine, known->container->id, grace, ctx); !ended) return ended;
  }
  if (!known->record) return {};  // all that is known of it
  if (auto removed = clear_engine(name, ctx); !removed) return removed;
  network_.after_removal(ctx);
  return {};
}

Result<void> DockerBackend::remove(const std::string& name, const CallContext& ctx) {
  if (!is_valid_name(name)) return {};
  launches_.cancel(name);
  auto lock = FolderLock::acquire(site_->paths(name).folder, Missing::is_error, ctx);
  if (!lock && lock.error().code != ErrorCode::not_found) return fail(lock.error());
  return remove_locked(name, ctx);
}

Result<void> DockerBackend::remove_locked(const std::string& name, const CallContext& ctx) {
  if (auto removed = clear_engine(name, ctx); !removed) return removed;
  if (auto removed = site_->engine.remove_volume(site_->container_name(name), ctx); !removed) return removed;
  if (auto erased = erase_files(name); !erased) return erased;
  network_.after_removal(ctx);
  return {};
}

Result<void> DockerBackend::clear_engine(const std::string& name, const CallContext& ctx) const {
  if (auto removed = remove_helper(*site_, name, ctx); !removed) return removed;
  auto container = find_container(name, ctx);
  if (!container) return fail(container.error());
  return *container ? remove_container(site_->engine, (*container)->id, ctx) : Result<void>();
}

Result<void> DockerBackend::erase_files(const std::string& name) const {
  const SandboxPaths paths = site_->paths(name);
  for (const auto& path : {paths.workspace, paths.run_dir, paths.folder}) {
    if (auto removed = remove_tree(path); !removed) return removed;
  }
  return {};
}

Result<std::vector<Sandbox>> DockerBackend::list(const LabelMap& selector, const CallContext& ctx) {
  auto containers = site_->engine.list({{labels::kInstance, site_->options.instance}}, ctx);
  if (!containers) return fail(containers.error());
  std::map<std::string, Known> all;
  std::map<std::string, ContainerFacts> helpers;
  for (auto& container : *containers) {
    if (const auto helped = site_->helped_by(container); !helped.empty()) helpers.emplace(helped, container);
    if (!site_->is_sandbox(container)) continue;
    const std::string name = container.labels.at(kNameLabel);
    all[name].container = std::move(container);
  }
  for (const auto& name : folder_names(site_->sandboxes_dir())) {
    auto record = load(name);
    if (record && *record) all[name].record = std::move(*record);
    if (!record) site_->log.error("docker: " + record.error().message, {{"sandbox", name}});
  }
  // What a killed server asked for may come when its sandbox has been removed: it is one more to remove, then.
  for (auto& [name, helper] : helpers) {
    if (all.count(name) == 0) all[name].container = std::move(helper);
  }
  if (all.empty()) network_.without_sandboxes(ctx);
  std::vector<Sandbox> found;
  for (const auto& [name, known] : all) {
    Sandbox sandbox = describe(name, known);
    if (matches(sandbox.labels, selector)) found.push_back(std::move(sandbox));
  }
  return found;
}

Result<std::string> DockerBackend::logs(const std::string& name, int tail_lines, const CallContext& ctx) {
  auto known = find(name, ctx);
  if (!known) return fail(known.error());
  if (!known->container || tail_lines <= 0) return std::string();
  auto text = site_->engine.logs(known->container->id, tail_lines, kLongestLog, ctx);
  if (!text) return fail(text.error());
  return to_valid_utf8(last_lines(*text, tail_lines));
}

Result<SandboxStats> DockerBackend::stats(const std::string& name, const CallContext& ctx) {
  auto known = find(name, ctx);
  if (!known) return fail(known.error());
  if (known->state() == SandboxState::exited) return SandboxStats{};
  return site_->engine.stats(known->container->id, ctx);
}

Result<std::uint64_t> DockerBackend::disk_usage(const std::string& name, const CallContext& ctx) {
  if (!is_valid_name(name)) return no_sandbox(name);
  auto record = load(name);
  if (!record) return fail(record.error());
  if (!*record || !(*record)->in_folders) {
    auto known = find(name, ctx);
    if (!known) return fail(known.error());
    return site_->engine.volume_size(site_->container_name(name), ctx);
  }
  return disk_usage_of(site_->paths(name), ctx);
}

// The root only: the workspace is kept by whoever asks for archives of it.
Result<std::string> DockerBackend::snapshot(const std::string& name, const CallContext& ctx) {
  auto known = find(name, ctx);
  if (!known) return fail(known.error());
  if (!known->container) return conflict("the sandbox " + name + " does not run", "launch it again");
  std::string tag = sha256_hex(name + new_id()).substr(0, 16);
  auto made = site_->engine.commit(known->container->id, "ottobot-snapshot", tag, ctx);
  if (!made) return fail(made.error());
  return "ottobot-snapshot:" + tag;
}

}  // namespace

Result<std::unique_ptr<ContainerBackend>> make_docker_backend(DockerOptions options, Clock& clock, Logger& logger) {
  auto site = DockerSite::make(std::move(options), clock, logger);
  if (!site) return fail(site.error());
  return std::make_unique<DockerBackend>(std::move(*site));
}

Result<std::string> find_docker_image(const DockerOptions& options, const std::string& environment,
                                      const CallContext& ctx) {
  auto address = parse_engine_address(options.engine);
  if (!address) return fail(address.error());
  auto client = EngineClient::make(std::move(*address), options.call_timeout);
  if (!client) return fail(client.error());
  const Engine engine(std::move(*client), options.start_timeout);
  return find_image(engine, image_candidates(options, {}, environment), ctx);
}

}  // namespace ottobot::containers
