#include "containers/common/folder_lock.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <cerrno>

#include "containers/common/files.hpp"
#include "containers/common/wait_until.hpp"

namespace ottobot::containers {
namespace {

// The holder before us may have deleted the folder that we opened.
bool still_there(int fd, const std::string& folder) {
  struct stat opened {};
  struct stat named {};
  return ::fstat(fd, &opened) == 0 && ::lstat(folder.c_str(), &named) == 0 && opened.st_ino == named.st_ino &&
         opened.st_dev == named.st_dev;
}

}  // namespace

Result<FolderLock> FolderLock::try_acquire(const std::string& folder, Missing missing) {
  for (;;) {
    if (missing == Missing::is_made) {
      if (auto made = ensure_folder(folder, 0700); !made) return fail(made.error());
    }
    net::UniqueFd fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!fd && errno == ENOENT && missing == Missing::is_made) continue;
    if (!fd) return errno_error("cannot open " + folder, errno);
    if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
      if (errno == EWOULDBLOCK) return conflict(folder + " is in use");
      return errno_error("cannot lock " + folder, errno);
    }
    if (still_there(fd.get(), folder)) return FolderLock(std::move(fd));
  }
}

Result<FolderLock> FolderLock::acquire(const std::string& folder, Missing missing, const CallContext& ctx) {
  Result<FolderLock> lock = conflict("");
  auto settled = wait_until(
      [&] {
        lock = try_acquire(folder, missing);
        return lock || lock.error().code != ErrorCode::conflict;
      },
      ctx);
  if (!settled) return fail(settled.error(), "another call is working on " + folder);
  return lock;
}

}  // namespace ottobot::containers
