#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <vector>

#include "containers/local/files.hpp"
#include "net/unique_fd.hpp"

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

// Folders are moved up next to `top`'s children instead of being descended into: a tree of any depth needs two open
// descriptors and no recursion.
class Flattener {
 public:
  explicit Flattener(DIR* top) : top_(::dirfd(top)) {}

  // Empties the folder `name` of top and queues its sub-folders.
  bool empty(const std::string& name) {
    make_accessible(top_, name.c_str());
    Folder folder = open_folder(top_, name.c_str());
    if (!folder) return false;
    const int at = ::dirfd(folder.get());
    for (const auto& entry : names_in(folder.get())) {
      if (!take(at, entry)) return false;
    }
    return ::unlinkat(top_, name.c_str(), AT_REMOVEDIR) == 0;
  }

  // Deletes the entry if it is no folder, else moves it up.
  bool take(int at, const std::string& entry) {
    if (::unlinkat(at, entry.c_str(), 0) == 0 || errno == ENOENT) return true;
    if (errno != EISDIR && errno != EPERM) return false;
    if (::unlinkat(at, entry.c_str(), AT_REMOVEDIR) == 0) return true;
    make_accessible(at, entry.c_str());
    for (;;) {
      std::string moved = ".removing-" + std::to_string(counter_++);
      if (::renameat2(at, entry.c_str(), top_, moved.c_str(), RENAME_NOREPLACE) == 0) {
        queue_.push_back(std::move(moved));
        return true;
      }
      if (errno != EEXIST) return false;
    }
  }

  bool drain() {
    while (!queue_.empty()) {
      const std::string next = std::move(queue_.back());
      queue_.pop_back();
      if (!empty(next)) return false;
    }
    return true;
  }

 private:
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
  Flattener flattener(top.get());
  for (const auto& name : names_in(top.get())) {
    if (!flattener.take(::dirfd(top.get()), name)) return errno_error("cannot delete below " + path, errno);
  }
  if (!flattener.drain()) return errno_error("cannot delete below " + path, errno);
  if (::rmdir(path.c_str()) != 0 && errno != ENOENT) return errno_error("cannot delete " + path, errno);
  return {};
}

}  // namespace ottobot::containers
