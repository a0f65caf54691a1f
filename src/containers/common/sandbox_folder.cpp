#include "containers/common/sandbox_folder.hpp"

#include <dirent.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <climits>
#include <cstdlib>
#include <memory>

#include "containers/common/files.hpp"
#include "ottobot/ids.hpp"

namespace ottobot::containers {
namespace {

constexpr std::size_t kLongestSocketPath = sizeof(sockaddr_un::sun_path) - 1;

}  // namespace

bool is_valid_name(const std::string& name) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  };
  return !name.empty() && name.size() <= 64 && std::all_of(name.begin(), name.end(), allowed);
}

SandboxPaths sandbox_paths(const std::string& sandboxes_dir, const std::string& runtime_dir, const std::string& name) {
  SandboxPaths paths;
  paths.folder = sandboxes_dir + "/" + name;
  paths.record = paths.folder + "/sandbox.json";
  paths.workspace = paths.folder + "/workspace";
  paths.run_dir = paths.folder + "/run";
  paths.log = paths.folder + "/log";
  if (paths.run_dir.size() + sizeof("/sandboxd.sock") - 1 > kLongestSocketPath) {
    paths.run_dir = runtime_dir + "/run-" + sha256_hex(paths.folder).substr(0, 16);
  }
  return paths;
}

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

std::vector<std::string> folder_names(const std::string& folder) {
  std::vector<std::string> names;
  std::unique_ptr<DIR, int (*)(DIR*)> dir(::opendir(folder.c_str()), &::closedir);
  if (!dir) return names;
  while (const dirent* entry = ::readdir(dir.get())) {
    if (is_valid_name(entry->d_name)) names.emplace_back(entry->d_name);
  }
  return names;
}

Result<std::uint64_t> disk_usage_of(const SandboxPaths& paths, const CallContext& ctx) {
  std::uint64_t total = 0;
  for (const auto& path : {paths.workspace, paths.run_dir}) {
    auto bytes = tree_size(path, ctx);
    if (!bytes) return bytes;
    total += *bytes;
  }
  return total;
}

bool matches(const std::map<std::string, std::string>& labels, const std::map<std::string, std::string>& selector) {
  for (const auto& [key, value] : selector) {
    const auto found = labels.find(key);
    if (found == labels.end() || found->second != value) return false;
  }
  return true;
}

std::string last_lines(const std::string& text, int count) {
  if (count <= 0) return {};
  std::size_t at = text.size();
  if (at > 0 && text[at - 1] == '\n') --at;
  while (at > 0 && count > 0) {
    if (text[at - 1] == '\n' && --count == 0) break;
    --at;
  }
  return text.substr(at);
}

}  // namespace ottobot::containers
