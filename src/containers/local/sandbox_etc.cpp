#include "containers/local/sandbox_etc.hpp"

#include <unistd.h>

#include <filesystem>
#include <map>
#include <set>
#include <string_view>

#include "containers/common/files.hpp"
#include "containers/common/folder_lock.hpp"
#include "ottobot/ids.hpp"

namespace ottobot::containers {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kEtc = "/etc/";
constexpr std::chrono::seconds kPatience{20};
constexpr std::size_t kLargestFile = 16 << 20;

// Nothing here names users, keys or machines; what a program needs beyond it, it finds in /usr.
constexpr const char* kCopied[] = {
    "ca-certificates",
    "ld.so.cache",
    "ld.so.conf",
    "ld.so.conf.d",
    "fonts",
    "X11",
    "localtime",
    "timezone",
    "services",
    "protocols",
    "mime.types",
    "profile",
    "inputrc",
    "os-release",
    "bash.bashrc",
    "terminfo",
    "host.conf",
    "debian_version",
    "jwm",
    "magic",
    "gai.conf",
    "python3",
    "python3.11",
    "login.defs",
    "locale.alias",
    "perl",
    "java-17-openjdk",
};

// Shared as well, but of so many entries that they are bound and not copied.
constexpr const char* kBound[] = {"alternatives", "ssl"};
// A server that is not root may be in a group that reads it, and its sandboxes with it.
constexpr const char* kHidden = "/etc/ssl/private";

const std::map<std::string, std::string>& own_files() {
  static const std::map<std::string, std::string> files = {
      {"passwd",
       "root:x:0:0:root:/root:/usr/sbin/nologin\n"
       "developer:x:1000:1000:Developer:/home/developer:/bin/bash\n"
       "nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n"},
      {"group", "root:x:0:\ndeveloper:x:1000:\nnogroup:x:65534:\n"},
      {"hostname", "ottobot\n"},
      {"hosts", "127.0.0.1 localhost ottobot\n::1 localhost ip6-localhost\n"},
      {"nsswitch.conf", "passwd: files\ngroup: files\nhosts: files dns\nservices: files\nprotocols: files\n"},
      // slirp4netns answers DNS there.
      {"resolv.conf", "nameserver 10.0.2.3\n"},
  };
  return files;
}

bool may_all(const fs::file_status& status, fs::perms wanted) { return (status.permissions() & wanted) == wanted; }

// Makes room for `type` at `target`.
void clear_other_types(const fs::path& target, fs::file_type type) {
  std::error_code error;
  const auto present = fs::symlink_status(target, error).type();
  if (present != type && present != fs::file_type::not_found) (void)remove_tree(target.string());
}

void prune(const fs::path& folder, const std::set<std::string>& kept) {
  std::error_code error;
  std::vector<fs::path> gone;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    if (!kept.count(entry->path().filename().string())) gone.push_back(entry->path());
  }
  for (const auto& path : gone) (void)remove_tree(path.string());
}

Result<void> put_file(const fs::path& target, const std::string& text, mode_t mode) {
  if (read_text(target.string(), kLargestFile) == text) return {};
  return replace_file(target.string(), text, mode, Durability::process);
}

bool mirror_link(const fs::path& source, const fs::path& target) {
  std::error_code error;
  const auto points_to = fs::read_symlink(source, error);
  if (error) return false;
  if (fs::read_symlink(target, error) == points_to && !error) return true;
  const fs::path sibling = target.string() + ".new";
  fs::remove(sibling, error);
  fs::create_symlink(points_to, sibling, error);
  if (!error) fs::rename(sibling, target, error);
  return !error;
}

bool mirror_file(const fs::path& source, const fs::path& target) {
  const auto text = read_text(source.string(), kLargestFile);
  return text && text->size() < kLargestFile && put_file(target, *text, 0644);
}

bool mirror(const fs::path& source, const fs::file_status& status, const fs::path& target);

bool mirror_folder(const fs::path& source, const fs::path& target) {
  if (!ensure_folder(target.string(), 0755)) return false;
  std::set<std::string> kept;
  std::error_code error;
  for (fs::directory_iterator entry(source, error), end; !error && entry != end; entry.increment(error)) {
    const auto name = entry->path().filename();
    std::error_code unreadable;
    if (mirror(entry->path(), entry->symlink_status(unreadable), target / name)) kept.insert(name.string());
  }
  prune(target, kept);
  return true;
}

// False when nothing of it is there now.
bool mirror(const fs::path& source, const fs::file_status& status, const fs::path& target) {
  clear_other_types(target, status.type());
  switch (status.type()) {
    case fs::file_type::symlink:
      return mirror_link(source, target);
    case fs::file_type::regular:
      return may_all(status, fs::perms::others_read) && mirror_file(source, target);
    case fs::file_type::directory:
      return may_all(status, fs::perms::others_read | fs::perms::others_exec) && mirror_folder(source, target);
    default:
      return false;
  }
}

// What a link at the top points to is copied: it may be hidden from sandboxes.
bool mirror_part(const std::string& name, const std::string& folder) {
  std::error_code error;
  const fs::path source = std::string(kEtc) + name;
  const auto status = fs::status(source, error);
  return !error && mirror(source, status, folder + "/" + name);
}

// Relative to /etc; empty for that itself and what is not below it.
fs::path name_below_etc(const std::string& path) {
  const fs::path name = fs::path(path).lexically_normal().lexically_relative(fs::path(kEtc).parent_path());
  return name.empty() || *name.begin() == "." || *name.begin() == ".." ? fs::path() : name;
}

}  // namespace

bool is_below_etc(const std::string& path) { return !name_below_etc(path).empty(); }

std::vector<std::string> bound_parts_of_etc() {
  std::vector<std::string> parts;
  for (const char* name : kBound) {
    std::string path = std::string(kEtc) + name;
    if (::access(path.c_str(), R_OK | X_OK) == 0) parts.push_back(std::move(path));
  }
  return parts;
}

std::vector<std::string> hidden_parts_of_etc() {
  std::error_code error;
  if (!fs::is_directory(kHidden, error)) return {};
  return {kHidden};
}

std::string sandbox_etc_name(const std::vector<std::string>& extra) {
  std::string content;
  for (const char* name : kCopied) content.append(name).push_back('\n');
  for (const char* name : kBound) content.append(name).push_back('\n');
  for (const auto& [name, text] : own_files()) content.append(name).append("=").append(text);
  for (const auto& path : extra) {
    if (is_below_etc(path)) content.append(path).push_back('\n');
  }
  return "etc-" + sha256_hex(content).substr(0, 12);
}

Result<void> update_sandbox_etc(const std::string& folder, const std::vector<std::string>& extra) {
  if (auto made = ensure_folder(folder, 0755); !made) return made;
  const auto lock = FolderLock::acquire(folder, FolderLock::Missing::is_error, with_timeout(kPatience));
  if (!lock) return fail(lock.error());
  std::set<std::string> kept;
  for (const char* name : kCopied) {
    if (mirror_part(name, folder)) kept.insert(name);
  }
  for (const char* name : kBound) {
    clear_other_types(folder + "/" + name, fs::file_type::directory);
    if (auto made = ensure_folder(folder + "/" + name, 0755); !made) return made;
    kept.insert(name);
  }
  for (const auto& path : extra) {
    const fs::path name = name_below_etc(path);
    if (name.empty()) continue;
    std::error_code error;
    fs::create_directories(folder / name.parent_path(), error);
    if (mirror_part(name.string(), folder)) kept.insert(name.begin()->string());
  }
  for (const auto& [name, text] : own_files()) {
    clear_other_types(folder + "/" + name, fs::file_type::regular);
    if (auto written = put_file(folder + "/" + name, text, 0644); !written) return written;
    kept.insert(name);
  }
  prune(folder, kept);
  return {};
}

}  // namespace ottobot::containers
