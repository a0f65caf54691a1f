#include "containers/common/files.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "net/unique_fd.hpp"

namespace ottobot::containers {
namespace {

std::optional<std::string> read_from(int fd, std::size_t max_bytes) {
  std::string text;
  char buffer[16384];
  while (text.size() < max_bytes) {
    const ssize_t got = ::read(fd, buffer, std::min(sizeof buffer, max_bytes - text.size()));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return std::nullopt;
    if (got == 0) break;
    text.append(buffer, static_cast<std::size_t>(got));
  }
  return text;
}

Result<void> write_all(int fd, std::string_view text, const std::string& path) {
  while (!text.empty()) {
    const ssize_t put = ::write(fd, text.data(), text.size());
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return errno_error("cannot write " + path, errno);
    text.remove_prefix(static_cast<std::size_t>(put));
  }
  return {};
}

}  // namespace

std::optional<std::string> read_text(const std::string& path, std::size_t max_bytes) {
  net::UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return std::nullopt;
  return read_from(fd.get(), max_bytes);
}

std::string read_tail(const std::string& path, std::size_t max_bytes) {
  net::UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return {};
  const off_t size = ::lseek(fd.get(), 0, SEEK_END);
  const auto wanted = std::min<off_t>(size, static_cast<off_t>(max_bytes));
  if (size <= 0 || ::lseek(fd.get(), size - wanted, SEEK_SET) < 0) return {};
  return read_from(fd.get(), static_cast<std::size_t>(wanted)).value_or(std::string{});
}

Result<void> write_control(const std::string& path, std::string_view text) {
  net::UniqueFd fd(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (!fd) return errno_error("cannot open " + path, errno);
  return write_all(fd.get(), text, path);
}

Result<void> replace_file(const std::string& path, std::string_view text, mode_t mode, Durability durability) {
  const std::string sibling = path + ".new";
  ::unlink(sibling.c_str());
  net::UniqueFd fd(::open(sibling.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode));
  if (!fd) return errno_error("cannot create " + sibling, errno);
  if (::fchmod(fd.get(), mode) != 0) return errno_error("cannot set the mode of " + sibling, errno);
  if (auto done = write_all(fd.get(), text, sibling); !done) return done;
  if (durability == Durability::power && ::fsync(fd.get()) != 0) return errno_error("cannot write " + sibling, errno);
  if (::rename(sibling.c_str(), path.c_str()) != 0) return errno_error("cannot rename " + sibling, errno);
  return {};
}

Result<void> ensure_folder(const std::string& path, mode_t mode) {
  if (::mkdir(path.c_str(), mode) != 0) {
    if (errno == EEXIST) return {};
    return errno_error("cannot make the folder " + path, errno);
  }
  if (::chmod(path.c_str(), mode) != 0) return errno_error("cannot set the mode of " + path, errno);
  return {};
}

}  // namespace ottobot::containers
