#include <sys/stat.h>

#include <cmath>
#include <csignal>

#include "containers/common/files.hpp"
#include "containers/common/wait_until.hpp"
#include "containers/local/cgroup.hpp"

namespace ottobot::containers {
namespace {

constexpr const char* kControllers[] = {"memory", "pids", "cpu"};
constexpr std::uint64_t kCpuPeriodUs = 100'000;

class CgroupV2 final : public Cgroup {
 public:
  CgroupV2(std::string base, std::string relative) : base_(std::move(base)), relative_(std::move(relative)) {}

  Result<std::vector<std::string>> create(const SandboxLimits& limits) override {
    if (auto made = cgroup_files::make_path(base_, relative_); !made) return fail(made.error());
    hand_down_controllers();
    std::vector<std::string> warnings;
    const auto set = [&](const char* file, const std::string& value, const char* what) {
      if (!write_control(path(file), value)) {
        warnings.push_back(std::string("no ") + what + " limit: its controller is not delegated to " + base_);
      }
    };
    set("memory.max", std::to_string(limits.memory_bytes), "memory");
    // Absent on kernels without swap.
    (void)write_control(path("memory.swap.max"), "0");
    set("pids.max", std::to_string(limits.pids), "process");
    const auto quota = std::llround(limits.cpus * static_cast<double>(kCpuPeriodUs));
    set("cpu.max", std::to_string(quota) + " " + std::to_string(kCpuPeriodUs), "CPU");
    return warnings;
  }

  std::vector<std::string> join_files() const override { return {path("cgroup.procs")}; }

  bool exists() const override {
    struct stat info {};
    return ::stat(path("").c_str(), &info) == 0;
  }

  std::vector<pid_t> processes() const override { return cgroup_files::read_pids(path("cgroup.procs")); }

  Result<void> freeze(const CallContext& ctx) override {
    if (auto put = write_control(path("cgroup.freeze"), "1"); !put) return put;
    return wait_until([this] { return frozen(); }, ctx);
  }

  Result<void> thaw() override { return write_control(path("cgroup.freeze"), "0"); }

  bool frozen() const override { return cgroup_files::read_keyed(path("cgroup.events"), "frozen") == 1; }

  Result<void> kill_all(const CallContext& ctx) override {
    return wait_until(
        [this] {
          if (processes().empty()) return true;
          // cgroup.kill came with Linux 5.14.
          if (!write_control(path("cgroup.kill"), "1")) kill_frozen();
          return false;
        },
        ctx);
  }

  SandboxStats stats() const override {
    const std::uint64_t used = cgroup_files::read_number(path("memory.current"));
    const std::uint64_t cache = cgroup_files::read_keyed(path("memory.stat"), "inactive_file");
    SandboxStats stats;
    stats.memory_bytes = used > cache ? used - cache : 0;
    stats.cpu_time_us = cgroup_files::read_keyed(path("cpu.stat"), "usage_usec");
    stats.processes = processes().size();
    return stats;
  }

  Result<void> destroy(const CallContext& ctx) override { return cgroup_files::remove_path(base_, relative_, ctx); }

 private:
  std::string path(const char* file) const { return base_ + "/" + relative_ + "/" + file; }

  // Each level gives its children only what its subtree_control names. One at a time: a missing one must not keep the
  // others back.
  void hand_down_controllers() {
    for (auto end = std::string::size_type{0}; end != std::string::npos; end = relative_.find('/', end + 1)) {
      const std::string level = end == 0 ? base_ : base_ + "/" + relative_.substr(0, end);
      for (const char* controller : kControllers) {
        (void)write_control(level + "/cgroup.subtree_control", std::string("+") + controller);
      }
    }
  }

  void kill_frozen() {
    (void)freeze(with_timeout(std::chrono::milliseconds(50)));
    for (const pid_t pid : processes()) ::kill(pid, SIGKILL);
    (void)thaw();
  }

  std::string base_, relative_;
};

}  // namespace

std::unique_ptr<Cgroup> open_cgroup_v2(const CgroupHierarchy& hierarchy, const std::string& relative) {
  return std::make_unique<CgroupV2>(hierarchy.root, relative);
}

}  // namespace ottobot::containers
