#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <vector>

#include "containers/common/files.hpp"

namespace ottobot::containers {
namespace {

using Folder = std::unique_ptr<DIR, int (*)(DIR*)>;

Folder open_folder(int at, const char* name) {
  const int fd = ::openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  return {fd < 0 ? nullptr : ::fdopendir(fd), &::closedir};
}

std::vector<std::string> names_in(DIR* folder) {
  std::vector<std::string> names;
  while (const dirent* entry = ::readdir(folder)) {
    const std::string name = entry->d_name;
    if (name != "." && name != "..") names.push_back(name);
  }
  return names;
}

// Deleting a folder and renaming one both need write permission on it, which its former owner may have taken away.
void make_accessible(int at, const char* name) {
  struct stat info {};
  if (::fstatat(at, name, &info, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(info.st_mode) && (info.st_mode & 0700) != 0700) {
    ::fchmodat(at, name, 0700, 0);
  }
}

constexpr int kDeepest = 64;

// Goes down kDeepest levels, one open descriptor each; what lies deeper is moved up to `top` and its turn comes later.
// So a tree of any depth can be deleted, and ordinary ones without a single rename, which are slow on some file
// systems.
class TreeRemoval {
 public:
  explicit TreeRemoval(DIR* top) : top_(::dirfd(top)) {}

  bool run() {
    if (!empty(top_, ".", 0)) return false;
    while (!queue_.empty()) {
      const std::string next = std::move(queue_.back());
      queue_.pop_back();
      if (!remove(top_, next, 0)) return false;
    }
    return true;
  }

 private:
  bool empty(int at, const char* name, int depth) {
    Folder listed = open_folder(at, name);
    if (!listed) return false;
    for (const auto& entry : names_in(listed.get())) {
      if (!remove(::dirfd(listed.get()), entry, depth)) return false;
    }
    return true;
  }

  bool remove(int at, const std::string& name, int depth) {
    if (::unlinkat(at, name.c_str(), 0) == 0 || errno == ENOENT) return true;
    if (errno != EISDIR && errno != EPERM) return false;
    if (::unlinkat(at, name.c_str(), AT_REMOVEDIR) == 0) return true;
    make_accessible(at, name.c_str());
    if (depth >= kDeepest) return move_up(at, name);
    return empty(at, name.c_str(), depth + 1) && ::unlinkat(at, name.c_str(), AT_REMOVEDIR) == 0;
  }

  bool move_up(int at, const std::string& name) {
    for (;;) {
      std::string moved = ".removing-" + std::to_string(counter_++);
      if (::renameat2(at, name.c_str(), top_, moved.c_str(), RENAME_NOREPLACE) == 0) {
        queue_.push_back(std::move(moved));
        return true;
      }
      if (errno != EEXIST) return false;
    }
  }

  int top_;
  unsigned long counter_ = 0;
  std::vector<std::string> queue_;
};

}  // namespace

Result<void> remove_tree(const std::string& path) {
  make_accessible(AT_FDCWD, path.c_str());
  Folder top = open_folder(AT_FDCWD, path.c_str());
  if (!top) {
    if (errno == ENOENT) return {};
    if (::unlink(path.c_str()) == 0) return {};
    return errno_error("cannot delete " + path, errno);
  }
  if (!TreeRemoval(top.get()).run()) return errno_error("cannot delete below " + path, errno);
  if (::rmdir(path.c_str()) != 0 && errno != ENOENT) return errno_error("cannot delete " + path, errno);
  return {};
}

}  // namespace ottobot::containers
