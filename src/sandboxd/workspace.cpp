#include "sandboxd/workspace.hpp"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>

#include <array>
#include <cerrno>
#include <climits>
#include <cstdlib>
#include <filesystem>

#include "sandboxd/names.hpp"

namespace ottobot::sandboxd {
namespace {

std::string shown(std::string_view path) { return "'" + shown_name(path.substr(0, 300)) + "'"; }

Failure outside(std::string_view path) {
  return permission_denied(shown(path) + " is outside the workspace", "use a path inside the workspace");
}

bool is_below(std::string_view path, std::string_view root) {
  if (root == "/") return true;
  return path.substr(0, root.size()) == root && (path.size() == root.size() || path[root.size()] == '/');
}

int open_beneath(int folder, const char* path, int flags, std::uint64_t resolve = RESOLVE_NO_MAGICLINKS) {
  open_how how{};
  how.flags = static_cast<__u64>(flags | O_CLOEXEC);
  how.resolve = RESOLVE_BENEATH | resolve;
  return static_cast<int>(::syscall(SYS_openat2, folder, path, &how, sizeof how));
}

// Every part of it is the name of an entry.
bool is_plain(std::string_view relative) {
  while (!relative.empty()) {
    const auto slash = relative.find('/');
    const auto part = relative.substr(0, slash);
    if (part.empty() || part == "." || part == "..") return false;
    if (slash == std::string_view::npos) return true;
    relative.remove_prefix(slash + 1);
  }
  return false;
}

// For absolute links that stay inside, which RESOLVE_BENEATH refuses, and for kernels or filters without openat2.
int open_by_real_path(const std::string& root, const std::string& relative, int flags) {
  std::array<char, PATH_MAX> real{};
  if (::realpath((root + "/" + relative).c_str(), real.data()) == nullptr) {
    // glibc leaves how far it came: what is missing outside must not be told from what is there.
    if (real[0] == '/' && !is_below(real.data(), root)) errno = EXDEV;
    return -1;
  }
  if (!is_below(real.data(), root)) {
    errno = EXDEV;
    return -1;
  }
  return ::open(real.data(), flags | O_CLOEXEC | O_NOFOLLOW);
}

Failure path_error(std::string_view path, int error) {
  switch (error) {
    case ENOENT:
      return not_found("no such file or directory: " + shown(path));
    case EXDEV:
      return outside(path);
    case ENOTDIR:
      return conflict(shown(path) + " is a file or goes through one, where a folder is needed");
    case EISDIR:
      return conflict(shown(path) + " is a folder");
    case ELOOP:
      return permission_denied(shown(path) + " goes through too many links or a special one");
    case ENAMETOOLONG:
      return invalid_argument("the path is too long: " + shown(path));
    default:
      return errno_error(shown(path), error);
  }
}

std::pair<std::string, std::string> split_leaf(std::string path) {
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return {".", path};
  return {path.substr(0, slash), path.substr(slash + 1)};
}

}  // namespace

std::string special_kind(mode_t mode) {
  if (S_ISFIFO(mode)) return "a named pipe";
  return S_ISSOCK(mode) ? "a socket" : "a device";
}

Workspace::Workspace(net::UniqueFd fd, std::string root, std::string given)
    : fd_(std::move(fd)), root_(std::move(root)), given_(std::move(given)) {}

Result<Workspace> Workspace::open(const std::string& folder) {
  std::error_code ignored;  // open() below reports what is wrong
  std::filesystem::create_directories(folder, ignored);
  net::UniqueFd fd(::open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!fd) return errno_error("workspace " + folder, errno);
  std::string given = folder;
  while (given.size() > 1 && given.back() == '/') given.pop_back();
  std::string root = real_path(fd.get());
  return Workspace(std::move(fd), std::move(root), std::move(given));
}

std::string Workspace::real_path(int fd) {
  std::array<char, PATH_MAX> buffer{};
  ssize_t length = ::readlink(("/proc/self/fd/" + std::to_string(fd)).c_str(), buffer.data(), buffer.size());
  return length > 0 ? std::string(buffer.data(), static_cast<std::size_t>(length)) : std::string();
}

Result<std::string> Workspace::relative(std::string_view path) const {
  if (path.empty()) return invalid_field("path", "must not be empty");
  if (path.find('\0') != std::string_view::npos) return invalid_field("path", "must not contain a NUL character");
  if (path.size() >= PATH_MAX) return invalid_field("path", "is longer than 4095 bytes");
  if (path == "~" || path.substr(0, 2) == "~/") {
    return invalid_field("path",
                         "'~' is not expanded: relative paths start at the workspace (./~ is a file of that name)");
  }
  const std::string raw = raw_name(path);
  if (raw.front() != '/') return raw;
  for (const std::string& root : {root_, given_}) {
    if (!is_below(raw, root)) continue;
    std::string_view rest = std::string_view(raw).substr(root == "/" ? 0 : root.size());
    while (!rest.empty() && rest.front() == '/') rest.remove_prefix(1);
    return rest.empty() ? std::string(".") : std::string(rest);
  }
  return outside(path);
}

Result<net::UniqueFd> Workspace::open_relative(const std::string& relative, int flags) const {
  int fd = open_beneath(fd_.get(), relative.c_str(), flags);
  if (fd < 0 && (errno == EXDEV || errno == ENOSYS || errno == EPERM)) fd = open_by_real_path(root_, relative, flags);
  if (fd < 0) return path_error(relative, errno);
  return net::UniqueFd(fd);
}

Result<net::UniqueFd> Workspace::open_path(std::string_view path, int flags) const {
  auto relative_path = relative(path);
  if (!relative_path) return fail(relative_path.error());
  return open_relative(*relative_path, flags);
}

Result<Workspace::Opened> Workspace::open_named(std::string_view path, int flags) const {
  auto relative_path = relative(path);
  if (!relative_path) return fail(relative_path.error());
  if (is_plain(*relative_path)) {
    // Reached without a link, it is where its name says: that spares asking /proc.
    net::UniqueFd fd(open_beneath(fd_.get(), relative_path->c_str(), flags, RESOLVE_NO_SYMLINKS));
    if (fd) return Opened{std::move(fd), std::move(*relative_path)};
  }
  auto fd = open_relative(*relative_path, flags);
  if (!fd) return fail(fd.error());
  std::string real = real_path(fd->get());
  return Opened{std::move(*fd), relative(real).value_or(real)};
}

Result<net::UniqueFd> Workspace::open_folder(const std::string& relative_path, Parents parents) const {
  constexpr int kFlags = O_RDONLY | O_DIRECTORY;
  auto folder = open_relative(relative_path, kFlags);
  if (folder || folder.error().code != ErrorCode::not_found || parents == Parents::must_exist) return folder;
  auto [above, name] = split_leaf(relative_path);
  auto parent = open_folder(above, parents);
  if (!parent) return parent;
  if (::mkdirat(parent->get(), name.c_str(), 0777) != 0 && errno != EEXIST) return path_error(relative_path, errno);
  return open_relative(relative_path, kFlags);
}

Result<Place> Workspace::locate_entry(std::string_view path, Parents parents) const {
  auto relative_path = relative(path);
  if (!relative_path) return fail(relative_path.error());
  return locate_bytes(*relative_path, parents);
}

Result<Place> Workspace::locate_bytes(const std::string& relative, Parents parents) const {
  if (relative.empty()) return invalid_field("path", "must not be empty");
  if (relative.front() == '/') return outside(relative);
  auto [above, name] = split_leaf(relative);
  if (name == "." || name == "..") return conflict(shown(relative) + " is a folder");
  if (name.size() > NAME_MAX) return path_error(relative, ENAMETOOLONG);
  auto folder = open_folder(above.empty() ? "." : above, parents);
  if (!folder) return fail(folder.error());
  std::string parent = real_path(folder->get());
  std::string prefix = parent.size() > root_.size() ? parent.substr(root_ == "/" ? 1 : root_.size() + 1) + "/" : "";
  return Place{std::move(*folder), name, prefix + name};
}

Result<Place> Workspace::locate_file(std::string_view path, Parents parents) const {
  auto place = locate_entry(path, parents);
  if (!place) return place;
  if (path.back() == '/') return conflict(shown(path) + " names a folder, not a file");
  struct stat info {};
  if (::fstatat(place->folder.get(), place->name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) return place;
  if (S_ISLNK(info.st_mode)) {
    auto target = open_relative(place->path, O_PATH);
    if (!target) return fail(target.error(), "the link " + shown(path));
    if (::fstat(target->get(), &info) != 0) return errno_error(shown(path), errno);
    place = locate_entry(real_path(target->get()), parents);
    if (!place) return place;
  }
  if (S_ISDIR(info.st_mode)) return conflict(shown(path) + " is a folder");
  if (!S_ISREG(info.st_mode)) return conflict(shown(path) + " is " + special_kind(info.st_mode) + ", not a file");
  // Replacing it would be possible, but is not what its mode says.
  if (::faccessat(place->folder.get(), place->name.c_str(), W_OK, AT_EACCESS) != 0 && errno == EACCES) {
    return permission_denied(shown(path) + " is read-only", "chmod u+w it with a command if it is to change");
  }
  return place;
}

}  // namespace ottobot::sandboxd
