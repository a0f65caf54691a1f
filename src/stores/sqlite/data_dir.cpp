#include "stores/sqlite/data_dir.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <thread>

namespace ottobot::stores {
namespace {

namespace fs = std::filesystem;

// A killed process takes a moment to go, and a child that it was about to start has its lock until it executes.
constexpr std::chrono::milliseconds kHolderGoes{2000};
constexpr std::chrono::milliseconds kAskAgain{5};
constexpr std::chrono::seconds kDiskRetry{10};

Result<void> make_private_directory(const fs::path& path) {
  std::error_code error;
  if (path.has_parent_path()) fs::create_directories(path.parent_path(), error);
  if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) return errno_error("create " + path.string(), errno);
  return {};
}

std::string holder_of(int lock_fd) {
  std::array<char, 32> text{};
  const ssize_t count = ::pread(lock_fd, text.data(), text.size() - 1, 0);
  const std::string pid(text.data(), count > 0 ? static_cast<std::size_t>(count) : 0);
  return pid.empty() ? "another process" : "process " + pid.substr(0, pid.find('\n'));
}

// 0 or an errno.
int lock_within_a_moment(int fd) {
  const auto until = std::chrono::steady_clock::now() + kHolderGoes;
  for (;;) {
    if (::flock(fd, LOCK_EX | LOCK_NB) == 0) return 0;
    const int error = errno;
    if (error != EWOULDBLOCK || std::chrono::steady_clock::now() >= until) return error;
    std::this_thread::sleep_for(kAskAgain);
  }
}

Result<net::UniqueFd> lock_file(const fs::path& path) {
  const fs::path file = path / "lock";
  net::UniqueFd fd(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!fd) return errno_error("open " + file.string(), errno);
  if (const int error = lock_within_a_moment(fd.get()); error != 0) {
    if (error != EWOULDBLOCK) return errno_error("lock " + file.string(), error);
    return conflict("data directory " + path.string() + " is in use by " + holder_of(fd.get()),
                    "stop that process, or give this one another data directory");
  }
  const std::string pid = std::to_string(::getpid()) + "\n";
  if (::ftruncate(fd.get(), 0) != 0 || ::pwrite(fd.get(), pid.data(), pid.size(), 0) < 0) {
    return errno_error("write " + file.string(), errno);
  }
  return fd;
}

}  // namespace

Result<DataDir> DataDir::open(const fs::path& path) {
  if (path.empty()) return invalid_field("data_dir", "must not be empty");
  if (auto made = make_private_directory(path); !made) return fail(made.error());
  auto lock = lock_file(path);
  if (!lock) return fail(lock.error());
  DataDir dir(path, std::move(*lock));
  for (const auto& folder : {dir.blobs(), dir.unfinished()}) {
    if (auto made = make_private_directory(folder); !made) return fail(made.error());
  }
  return dir;
}

Result<void> DataDir::check_free(std::uint64_t bytes) const {
  struct statvfs disk {};
  // Not known is not full: a write will say.
  if (bytes == 0 || ::statvfs(path_.c_str(), &disk) != 0) return {};
  if (static_cast<std::uint64_t>(disk.f_bavail) * disk.f_frsize >= bytes) return {};
  auto full = resource_exhausted("the disk of the data directory is almost full",
                                 "free some space there, for example by deleting files of sessions, and try again");
  full.value().retry_after = kDiskRetry;
  return full;
}

Result<void> DataDir::sync() const { return sync_directory(path_); }

Result<void> sync_directory(const fs::path& directory) {
  const net::UniqueFd fd(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd) return errno_error("open " + directory.string(), errno);
  if (::fsync(fd.get()) != 0) return errno_error("sync " + directory.string(), errno);
  return {};
}

}  // namespace ottobot::stores
