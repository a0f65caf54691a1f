#include "containers/local/site.hpp"

#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <climits>
#include <cstdlib>

#include "containers/local/files.hpp"
#include "containers/local/sandbox_etc.hpp"
#include "ottobot/ids.hpp"

namespace ottobot::containers {
namespace {

constexpr std::size_t kLongestSocketPath = sizeof(sockaddr_un::sun_path) - 1;

std::string default_runtime_dir() {
  const std::string uid = std::to_string(::geteuid());
  if (uid == "0") return "/run/ottobot";
  const std::string session = "/run/user/" + uid;
  return ::access(session.c_str(), W_OK) == 0 ? session + "/ottobot" : "/tmp/ottobot-" + uid;
}

// A folder that only we may write to, without links on the way: sockets below it are opened that way.
Result<std::string> own_folder(const std::string& path, mode_t mode) {
  if (auto made = ensure_folder(path, mode); !made) return fail(made.error());
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) return errno_error("cannot look at " + path, errno);
  if (!S_ISDIR(info.st_mode)) return invalid_argument(path + " is not a folder");
  if (info.st_uid != ::geteuid() || (info.st_mode & 0022) != 0) {
    return permission_denied(path + " can be written to by others", "choose another folder, or chown and chmod it");
  }
  char resolved[PATH_MAX];
  if (::realpath(path.c_str(), resolved) == nullptr) return errno_error("cannot resolve " + path, errno);
  return std::string(resolved);
}

Result<void> check(const LocalBackendOptions& options) {
  if (options.state_dir.empty() || options.state_dir[0] != '/') {
    return invalid_field("state_dir", "must be an absolute path");
  }
  if (options.sandboxd_path.empty() || options.sandboxd_path[0] != '/') {
    return invalid_field("sandboxd_path", "must be an absolute path");
  }
  if (!is_valid_name(options.instance)) return invalid_field("instance", "must be 1 to 64 of A-Za-z0-9_-");
  if (options.uid_count == 0 || options.first_uid == 0)
    return invalid_field("first_uid", "must be a range without root");
  return {};
}

Result<void> fill_in(LocalBackendOptions& options) {
  if (options.clock == nullptr) options.clock = &system_clock();
  if (options.logger == nullptr) options.logger = &null_logger();
  if (options.runtime_dir.empty()) options.runtime_dir = default_runtime_dir();
  auto state_dir = own_folder(options.state_dir, 0700);
  if (!state_dir) return fail(state_dir.error(), "state_dir");
  options.state_dir = *state_dir;
  auto runtime_dir = own_folder(options.runtime_dir, 0711);
  if (!runtime_dir) return fail(runtime_dir.error(), "runtime_dir");
  options.runtime_dir = *runtime_dir;
  return {};
}

Result<void> make_folders(const Site& site) {
  if (auto made = ensure_folder(site.sandboxes_dir(), 0700); !made) return made;
  return update_sandbox_etc(site.etc_dir(), site.options.extra_read_only_paths);
}

}  // namespace

bool is_valid_name(const std::string& name) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  };
  return !name.empty() && name.size() <= 64 && std::all_of(name.begin(), name.end(), allowed);
}

Result<Site> Site::make(LocalBackendOptions options) {
  if (auto valid = check(options); !valid) return fail(valid.error());
  if (auto filled = fill_in(options); !filled) return fail(filled.error());
  HostAbilities host = inspect_host(options.first_uid, options.uid_count);
  if (!options.use_cgroups) host.cgroups = {};
  UidRange uids(options.runtime_dir + "/uids", options.first_uid, options.uid_count);
  Site site{std::move(options), std::move(host), std::move(uids)};
  if (auto made = make_folders(site); !made) return fail(made.error());
  return site;
}

SandboxPaths Site::paths(const std::string& name) const {
  SandboxPaths paths;
  paths.folder = sandboxes_dir() + "/" + name;
  paths.record = paths.folder + "/sandbox.json";
  paths.workspace = paths.folder + "/workspace";
  paths.run_dir = paths.folder + "/run";
  paths.log = paths.folder + "/log";
  if (paths.run_dir.size() + sizeof("/sandboxd.sock") - 1 > kLongestSocketPath) {
    paths.run_dir = options.runtime_dir + "/run-" + sha256_hex(paths.folder).substr(0, 16);
  }
  return paths;
}

std::unique_ptr<Cgroup> Site::cgroup(const std::string& name) const {
  return open_cgroup(host.cgroups, options.instance, name);
}

Endpoint Site::endpoint(const SandboxRecord& record) const {
  return {"unix:" + record.socket_path(), record.token, record.uid.value_or(::geteuid())};
}

}  // namespace ottobot::containers
