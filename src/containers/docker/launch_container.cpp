#include "containers/docker/launch_container.hpp"

#include <unistd.h>

#include <cerrno>
#include <functional>
#include <shared_mutex>

#include "containers/common/files.hpp"
#include "containers/common/health.hpp"
#include "containers/docker/helper_container.hpp"
#include "containers/docker/images.hpp"
#include "containers/docker/sandbox_network.hpp"

namespace ottobot::containers {
namespace {

constexpr std::chrono::milliseconds kCleanupTime{5'000};
constexpr std::chrono::milliseconds kLookInterval{100};
constexpr const char* kRuntimeStumbled = "ottobot-sandboxd: permission denied";
constexpr const char* kEndedEarly = "the sandbox's daemon ended while starting";
constexpr int kShownLines = 20;
constexpr std::size_t kShownBytes = 2000;
constexpr int kPullFrom = 10, kPullTo = 40;

// Whether a container runs, asked at most ten times a second: as long as the engine says nothing else, it does.
class LifeSign {
 public:
  LifeSign(const Engine& engine, std::string container, const CallContext& ctx)
      : engine_(engine), container_(std::move(container)), ctx_(ctx) {}
  bool operator()() {
    const auto now = std::chrono::steady_clock::now();
    if (!runs_ || now - last_look_ < kLookInterval) return runs_;
    last_look_ = now;
    auto facts = engine_.inspect(container_, ctx_);
    if (facts) runs_ = *facts && (*facts)->state != SandboxState::exited;
    return runs_;
  }

 private:
  const Engine& engine_;
  const std::string container_;
  const CallContext& ctx_;
  std::chrono::steady_clock::time_point last_look_ = std::chrono::steady_clock::now();
  bool runs_ = true;
};

// Where a published port is reached from here. Rootless engines publish on this host's loopback.
std::string published_url(const EngineAddress& address, const std::string& port) {
  const std::string host = address.is_unix() ? "127.0.0.1" : address.host;
  const bool is_v6 = host.find(':') != std::string::npos;
  return "http://" + (is_v6 ? "[" + host + "]" : host) + ":" + port;
}

// The engine binds to an address of its own machine; a name is for it to resolve, which it does not.
std::string publish_address(const EngineAddress& address) {
  if (address.is_unix() || address.host == "localhost") return "127.0.0.1";
  const bool is_number = address.host.find_first_not_of("0123456789.") == std::string::npos;
  return is_number || address.host.find(':') != std::string::npos ? address.host : "";
}

bool has_ended(const DockerSite& site, const ContainerFacts& container, const CallContext& ctx) {
  const auto now = site.engine.inspect(container.id, ctx);
  return now && (!*now || (*now)->state == SandboxState::exited);
}

class Launch {
 public:
  Launch(DockerSite& site, DockerRecord& record, const LaunchParams& params, const LaunchProgress& progress,
         const CallContext& ctx)
      : site_(site),
        record_(record),
        paths_(site.paths(record.name)),
        params_(params),
        progress_(progress),
        ctx_(ctx),
        name_(site.container_name(record.name)) {}

  Result<void> run() {
    auto launched = start_all();
    if (launched) return {};
    Error error = launched.error();
    describe_end(error);
    if (!id_.empty()) (void)site_.engine.remove(id_, with_timeout(kCleanupTime));
    return fail(std::move(error));
  }

 private:
  Result<void> start_all() {
    report(5, "looking for the image");
    auto facts = site_.facts(ctx_);
    if (!facts) return fail(facts.error());
    facts_ = *facts;
    // Elsewhere, and where users are others, this host's folders are of no use.
    record_.in_folders = site_.engine.address().is_unix() && !facts_.has_own_users;
    auto image = provide_image(
        site_.engine, image_candidates(site_.options, params_.image, params_.environment),
        [this](int percent, const std::string& message) {
          report(kPullFrom + percent * (kPullTo - kPullFrom) / 100, message);
        },
        ctx_);
    if (!image) return fail(image.error());
    record_.image = *image;
    report(45, "preparing the workspace");
    if (auto ready = prepare_folders(); !ready) return ready;
    report(50, "starting the container from " + record_.image);
    if (auto started = start_on_network(); !started) return started;
    report(75, "waiting for the sandbox's daemon");
    auto container = site_.engine.inspect(id_, ctx_);
    if (!container) return fail(container.error());
    if (!*container || (*container)->state == SandboxState::exited) return unavailable(kEndedEarly);
    if (auto told = note_endpoint(**container); !told) return told;
    if (auto ready = make_ready(site_, record_, **container, ctx_); !ready) return ready;
    report(100, "the sandbox is ready");
    return {};
  }

  void report(int percent, const std::string& message) const {
    if (progress_) progress_(percent, message);
  }

  Result<void> save() const { return save_docker_record(paths_.record, record_); }

  Result<void> prepare_folders() {
    record_.uid = site_.sandbox_uid();
    if (record_.in_folders) record_.endpoint_url = "unix:" + paths_.run_dir + "/sandboxd.sock";
    // Whatever happens from here on, there is something to find.
    if (auto saved = save(); !saved) return saved;
    if (!record_.in_folders) return {};
    // The socket and whatever else an earlier life left.
    if (auto removed = remove_tree(paths_.run_dir); !removed) return removed;
    for (const auto& path : {paths_.run_dir, paths_.workspace}) {
      if (auto made = ensure_folder(path, 0700); !made) return made;
      if (::geteuid() == 0 && ::chown(path.c_str(), record_.uid, site_.sandbox_gid()) != 0) {
        return errno_error("cannot chown " + path, errno);
      }
    }
    return {};
  }

  ContainerPlan plan() const {
    ContainerPlan plan;
    plan.image = record_.image;
    plan.uid = record_.uid;
    plan.gid = site_.sandbox_gid();
    plan.labels = record_.labels;
    plan.env = params_.env;
    plan.token = record_.token;
    plan.limits = params_.limits;
    plan.desktop = params_.desktop;
    plan.gives_scratch_away = !facts_.is_podman;
    plan.network = site_.has_network() ? site_.network_name() : "none";
    if (record_.in_folders) plan.folders = {paths_.workspace, paths_.run_dir, site_.options.sandboxd_path};
    plan.workspace_volume = name_;
    plan.publish_at = publish_address(site_.engine.address());
    return plan;
  }

  // Between two steps the last sandbox's removal may take the network away, and what a killed server asked for may make
  // it a second time; then both are done again. Also when a busy engine's runtime does not find its way into the root
  // that it has just made (seen with thirty starts at once).
  Result<void> start_on_network() {
    auto started = start_once();
    if (started) return started;
    const bool stumbled = started.error().message.find(kRuntimeStumbled) != std::string::npos;
    if (!stumbled) {
      if (!site_.has_network()) return started;
      auto network = has_network(site_, ctx_);
      if (!network || *network) return started;
    }
    if (!id_.empty()) (void)site_.engine.remove(id_, ctx_);
    return start_once();
  }

  Result<void> start_once() {
    if (site_.has_network()) {
      if (auto made = ensure_network(site_, ctx_); !made) return made;
    }
    std::shared_lock lock(site_.network_mutex);
    auto made = site_.create(name_, container_spec(plan()), ctx_);
    if (!made) return create_error(made.error());
    id_ = *made;
    if (!record_.in_folders) {
      if (auto put = fill_volumes(); !put) return put;
    }
    return site_.engine.start(id_, ctx_);
  }

  // The workspace is to be the user's, and the program is to be there.
  Result<void> fill_volumes() {
    HelperPlan helper;
    helper.arguments = {
        "--give",    kContainerWorkspace,    std::to_string(record_.uid), std::to_string(site_.sandbox_gid()),
        "--install", kContainerProgramFolder};
    helper.capability = "CHOWN";
    helper.volumes_from = id_;
    helper.brings_program = true;
    auto filled = run_helper(site_, record_, std::move(helper), ctx_);
    if (!filled) return fail(filled.error(), "preparing the sandbox's volumes");
    return {};
  }

  Failure create_error(Error error) const {
    if (error.code == ErrorCode::conflict) {
      error.hint = "docker rm " + name_ + ", if it is none that you need";
    } else if (error.message.find("bind source path does not exist") != std::string::npos) {
      error.code = ErrorCode::unavailable;
      error.hint =
          "the engine does not see this server's files: give both the same folder (OTTOBOT_DATA_DIR) at the same path, "
          "or reach the engine by DOCKER_HOST=tcp://…";
    } else if (error.code == ErrorCode::invalid_argument) {
      error.code = ErrorCode::unavailable;  // what we asked for is not the caller's fault
    }
    return fail(std::move(error));
  }

  Result<void> note_endpoint(const ContainerFacts& container) {
    if (record_.in_folders) return {};
    if (container.published.empty()) return unavailable("the engine published no port of the container");
    record_.endpoint_url = published_url(site_.engine.address(), container.published);
    return save();
  }

  // What the container had to say, and how it ended.
  void describe_end(Error& error) const {
    const CallContext ctx = with_timeout(kCleanupTime);
    if (id_.empty()) return;
    auto container = site_.engine.inspect(id_, ctx);
    if (!container || !*container) return;
    if (!(*container)->ended_because.empty()) error.message += " (" + (*container)->ended_because + ")";
    const auto tail = site_.engine.logs(id_, kShownLines, kShownBytes, ctx).value_or("");
    if (!tail.empty()) error.message += "; its log ends with: " + to_valid_utf8(tail);
  }

  DockerSite& site_;
  DockerRecord& record_;
  const SandboxPaths paths_;
  const LaunchParams& params_;
  const LaunchProgress& progress_;
  const CallContext& ctx_;
  const std::string name_;
  EngineFacts facts_;
  std::string id_;  // of the container that was made here; empty before
};

}  // namespace

Result<void> launch_container(DockerSite& site, DockerRecord& record, const LaunchParams& params,
                              const LaunchProgress& progress, const CallContext& ctx) {
  return Launch(site, record, params, progress, ctx).run();
}

Result<void> make_ready(const DockerSite& site, DockerRecord& record, const ContainerFacts& container,
                        const CallContext& ctx) {
  if (record.confined_start != container.started_at) {
    if (auto confined = confine_network(site, record, container, ctx); !confined) {
      return has_ended(site, container, ctx) ? Result<void>(unavailable(kEndedEarly)) : confined;
    }
    record.confined_start = container.started_at;
    if (auto saved = save_docker_record(site.paths(record.name).record, record); !saved) return saved;
  }
  const CallContext limited = ctx.within(site.options.launch_timeout);
  LifeSign runs(site.engine, container.id, limited);
  return await_daemon(site.endpoint(record), std::ref(runs), limited);
}

}  // namespace ottobot::containers
