#include "containers/local/host_abilities.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>
#include <climits>

#include <cstdio>
#include <sstream>

#include "containers/common/files.hpp"
#include "containers/local/sandbox_etc.hpp"
#include "net/unique_fd.hpp"

namespace ottobot::containers {
namespace {

constexpr const char* kRootFolders[] = {"/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"};

std::string find_program(const char* name) {
  for (const char* folder : {"/usr/bin/", "/bin/", "/usr/local/bin/", "/usr/sbin/", "/sbin/"}) {
    std::string path = std::string(folder) + name;
    if (::access(path.c_str(), X_OK) == 0) return path;
  }
  return {};
}

std::pair<int, int> kernel_version() {
  utsname names{};
  int major = 0;
  int minor = 0;
  if (::uname(&names) != 0 || std::sscanf(names.release, "%d.%d", &major, &minor) != 2) return {0, 0};
  return {major, minor};
}

HostRoot inspect_root() {
  HostRoot root;
  root.folders.push_back("/usr");
  for (const char* folder : kRootFolders) {
    struct stat info {};
    if (::lstat(folder, &info) != 0) continue;
    char target[PATH_MAX];
    const ssize_t length = S_ISLNK(info.st_mode) ? ::readlink(folder, target, sizeof target) : -1;
    if (length > 0) {
      root.links.emplace_back(folder, std::string(target, static_cast<std::size_t>(length)));
    } else if (S_ISDIR(info.st_mode)) {
      root.folders.push_back(folder);
    }
  }
  root.etc = bound_parts_of_etc();
  root.hidden = hidden_parts_of_etc();
  return root;
}

}  // namespace

bool maps_ids(const std::string& uid_map, uid_t first, unsigned count) {
  std::istringstream text(uid_map);
  unsigned long inside = 0;
  unsigned long outside = 0;
  unsigned long length = 0;
  while (text >> inside >> outside >> length) {
    if (first >= inside && static_cast<unsigned long>(first) + count <= inside + length) return true;
  }
  return false;
}

HostAbilities inspect_host(uid_t first_uid, unsigned uid_count) {
  HostAbilities host;
  const bool root = ::geteuid() == 0;
  host.can_switch_uid = root && maps_ids(read_text("/proc/self/uid_map").value_or(""), first_uid, uid_count);
  host.bwrap = find_program("bwrap");
  host.slirp4netns = find_program("slirp4netns");
  host.prlimit = find_program("prlimit");
  host.kernel = kernel_version();
  net::UniqueFd tun(::open("/dev/net/tun", O_RDWR | O_CLOEXEC));
  host.has_tun = static_cast<bool>(tun);
  host.cgroups =
      detect_cgroups(read_text("/proc/self/mounts").value_or(""), read_text("/proc/self/cgroup").value_or(""), root);
  host.root = inspect_root();
  return host;
}

}  // namespace ottobot::containers
