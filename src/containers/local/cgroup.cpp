#include "containers/local/cgroup.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <sstream>

#include "containers/common/files.hpp"
#include "containers/common/wait_until.hpp"

namespace ottobot::containers {
namespace {

constexpr const char* kWanted[] = {"memory", "pids", "cpu", "cpuacct", "freezer"};

struct Mount {
  std::string target, type, options;
};

std::vector<Mount> parse_mounts(const std::string& text) {
  std::vector<Mount> mounts;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream fields(line);
    std::string source;
    Mount mount;
    if (fields >> source >> mount.target >> mount.type >> mount.options) mounts.push_back(std::move(mount));
  }
  return mounts;
}

bool has_option(const std::string& options, const std::string& wanted) {
  return ("," + options + ",").find("," + wanted + ",") != std::string::npos;
}

bool writable(const std::string& folder) { return ::access(folder.c_str(), W_OK | X_OK) == 0; }

// Our own place in the v2 tree: the line "0::/path".
std::string own_v2_path(const std::string& own_groups) {
  const auto at = ("\n" + own_groups).find("\n0::");
  if (at == std::string::npos) return "/";
  const auto begin = at + 3;
  return own_groups.substr(begin, own_groups.find('\n', begin) - begin);
}

// The outermost of our own group's ancestors that we may write to: the one that systemd delegated.
std::string delegated_root(const std::string& mount, const std::string& own_path) {
  std::string found;
  for (std::string path = own_path; path.size() > 1; path = path.substr(0, path.rfind('/'))) {
    const std::string folder = mount + path;
    if (!writable(folder) || ::access((folder + "/cgroup.procs").c_str(), W_OK) != 0) break;
    found = folder;
  }
  return found;
}

CgroupHierarchy find_v2(const std::string& mount, const std::string& own_groups, bool root) {
  const std::string base = root ? mount : delegated_root(mount, own_v2_path(own_groups));
  if (base.empty() || !writable(base)) return {};
  return {CgroupHierarchy::Version::v2, {}, base};
}

}  // namespace

CgroupHierarchy detect_cgroups(const std::string& mounts, const std::string& own_groups, bool root) {
  CgroupHierarchy v1;
  std::string v2_mount;
  for (const auto& mount : parse_mounts(mounts)) {
    if (mount.type == "cgroup2") v2_mount = mount.target;
    if (mount.type != "cgroup") continue;
    for (const char* controller : kWanted) {
      if (has_option(mount.options, controller) && writable(mount.target)) v1.controllers[controller] = mount.target;
    }
  }
  // A v2 tree beside v1 controllers has none of its own.
  if (v1.controllers.count("freezer") && v1.controllers.count("memory")) {
    v1.version = CgroupHierarchy::Version::v1;
    return v1;
  }
  if (v2_mount.empty()) return {};
  return find_v2(v2_mount, own_groups, root);
}

std::unique_ptr<Cgroup> open_cgroup(const CgroupHierarchy& hierarchy, const std::string& instance,
                                    const std::string& name) {
  const std::string relative = "ottobot/" + instance + "/" + name;
  switch (hierarchy.version) {
    case CgroupHierarchy::Version::v1:
      return open_cgroup_v1(hierarchy, relative);
    case CgroupHierarchy::Version::v2:
      return open_cgroup_v2(hierarchy, relative);
    case CgroupHierarchy::Version::none:
      break;
  }
  return nullptr;
}

namespace cgroup_files {

Result<void> make_path(const std::string& base, const std::string& relative) {
  // Another launch or remove may delete an empty parent between two steps.
  for (int attempt = 0; attempt < 10; ++attempt) {
    Result<void> made;
    for (auto end = relative.find('/'); made; end = relative.find('/', end + 1)) {
      made = ensure_folder(base + "/" + relative.substr(0, end), 0755);
      if (end == std::string::npos) break;
    }
    if (made || made.error().code != ErrorCode::not_found) return made;
  }
  return unavailable("the control group " + base + "/" + relative + " keeps vanishing");
}

Result<void> remove_path(const std::string& base, const std::string& relative, const CallContext& ctx) {
  const std::string folder = base + "/" + relative;
  // The kernel lets go of the last process a moment after it is gone from the list.
  auto gone = wait_until([&] { return ::rmdir(folder.c_str()) == 0 || errno != EBUSY; }, ctx);
  if (!gone) return gone;
  for (auto end = relative.rfind('/'); end != std::string::npos; end = relative.rfind('/', end - 1)) {
    if (::rmdir((base + "/" + relative.substr(0, end)).c_str()) != 0 && errno != ENOENT) break;
  }
  return {};
}

std::vector<pid_t> read_pids(const std::string& file) {
  std::vector<pid_t> pids;
  std::istringstream text(read_text(file).value_or(""));
  for (pid_t pid = 0; text >> pid;) pids.push_back(pid);
  return pids;
}

std::uint64_t read_number(const std::string& file) {
  return std::strtoull(read_text(file).value_or("0").c_str(), nullptr, 10);
}

std::uint64_t read_keyed(const std::string& file, const std::string& key) {
  std::istringstream text(read_text(file).value_or(""));
  std::string name;
  for (std::uint64_t value = 0; text >> name >> value;) {
    if (name == key) return value;
  }
  return 0;
}

}  // namespace cgroup_files
}  // namespace ottobot::containers
