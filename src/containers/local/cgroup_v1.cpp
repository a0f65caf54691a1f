#include <sys/stat.h>

#include <cmath>
#include <csignal>

#include "containers/common/files.hpp"
#include "containers/common/wait_until.hpp"
#include "containers/local/cgroup.hpp"

namespace ottobot::containers {
namespace {

constexpr std::uint64_t kCpuPeriodUs = 100'000;

class CgroupV1 final : public Cgroup {
 public:
  CgroupV1(std::map<std::string, std::string> controllers, std::string relative)
      : controllers_(std::move(controllers)), relative_(std::move(relative)) {}

  Result<std::vector<std::string>> create(const SandboxLimits& limits) override {
    for (const auto& [controller, base] : controllers_) {
      if (auto made = cgroup_files::make_path(base, relative_); !made) return fail(made.error());
    }
    std::vector<std::string> warnings;
    const auto set = [&](const char* controller, const char* file, std::uint64_t value, const char* what) {
      if (!controllers_.count(controller) || !write_control(path(controller, file), std::to_string(value))) {
        warnings.push_back(std::string("no ") + what + " limit: the " + controller + " control group cannot be used");
      }
    };
    set("memory", "memory.limit_in_bytes", limits.memory_bytes, "memory");
    // Absent where swap is not accounted; then there is nothing to keep from swapping either.
    (void)write_control(path("memory", "memory.memsw.limit_in_bytes"), std::to_string(limits.memory_bytes));
    set("pids", "pids.max", limits.pids, "process");
    set("cpu", "cpu.cfs_quota_us", static_cast<std::uint64_t>(std::llround(limits.cpus * kCpuPeriodUs)), "CPU");
    return warnings;
  }

  std::vector<std::string> join_files() const override {
    std::vector<std::string> files;
    // Not cgroup.procs: a thread that moves itself need not wait for all others on the machine, some 10 ms.
    for (const auto& entry : controllers_) files.push_back(path(entry.first, "tasks"));
    return files;
  }

  bool exists() const override {
    struct stat info {};
    return ::stat(path("freezer", "").c_str(), &info) == 0;
  }

  std::vector<pid_t> processes() const override { return cgroup_files::read_pids(path("freezer", "cgroup.procs")); }

  Result<void> freeze(const CallContext& ctx) override {
    if (auto put = write_control(path("freezer", "freezer.state"), "FROZEN"); !put) return put;
    return wait_until([this] { return frozen(); }, ctx);
  }

  Result<void> thaw() override { return write_control(path("freezer", "freezer.state"), "THAWED"); }

  bool frozen() const override {
    return read_text(path("freezer", "freezer.state")).value_or("").rfind("FROZEN", 0) == 0;
  }

  Result<void> kill_all(const CallContext& ctx) override {
    (void)write_control(path("pids", "pids.max"), "0");
    return wait_until(
        [this] {
          if (processes().empty()) return true;
          // Frozen, nobody can fork away from between the reading of the list and the signal.
          (void)freeze(with_timeout(std::chrono::milliseconds(50)));
          for (const pid_t pid : processes()) ::kill(pid, SIGKILL);
          (void)thaw();
          return false;
        },
        ctx);
  }

  SandboxStats stats() const override {
    const std::uint64_t used = cgroup_files::read_number(path("memory", "memory.usage_in_bytes"));
    const std::uint64_t cache = cgroup_files::read_keyed(path("memory", "memory.stat"), "total_inactive_file");
    SandboxStats stats;
    stats.memory_bytes = used > cache ? used - cache : 0;
    stats.cpu_time_us = cgroup_files::read_number(path("cpuacct", "cpuacct.usage")) / 1000;
    stats.processes = processes().size();
    return stats;
  }

  Result<void> destroy(const CallContext& ctx) override {
    Result<void> done;
    for (const auto& entry : controllers_) {
      if (auto removed = cgroup_files::remove_path(entry.second, relative_, ctx); !removed) done = removed;
    }
    return done;
  }

 private:
  std::string path(const char* controller, const char* file) const { return path(std::string(controller), file); }
  std::string path(const std::string& controller, const char* file) const {
    const auto base = controllers_.find(controller);
    return base == controllers_.end() ? std::string{} : base->second + "/" + relative_ + "/" + file;
  }

  std::map<std::string, std::string> controllers_;
  std::string relative_;
};

}  // namespace

std::unique_ptr<Cgroup> open_cgroup_v1(const CgroupHierarchy& hierarchy, const std::string& relative) {
  return std::make_unique<CgroupV1>(hierarchy.controllers, relative);
}

}  // namespace ottobot::containers
