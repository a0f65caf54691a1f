#include <fcntl.h>
#include <poll.h>
#include <sys/inotify.h>
#include <sys/stat.h>

#include <array>
#include <cerrno>

#include "sandboxd/console.hpp"

namespace ottobot::sandboxd {
namespace {

constexpr int kPollMs = 500;  // in case a change slipped past inotify
constexpr std::string_view kClearScreen = "\x1b[H\x1b[2J\x1b[3J";

bool write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

bool copy_new_bytes(int from, int to) {
  std::array<char, 65536> buffer{};
  for (;;) {
    ssize_t got = ::read(from, buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return true;
    if (!write_all(to, {buffer.data(), static_cast<std::size_t>(got)})) return false;
  }
}

bool was_replaced(int fd, const std::string& path) {
  struct stat opened {
  }, named{};
  if (::fstat(fd, &opened) != 0 || ::stat(path.c_str(), &named) != 0) return false;
  return opened.st_ino != named.st_ino || opened.st_dev != named.st_dev || named.st_size < ::lseek(fd, 0, SEEK_CUR);
}

// Waits for a change in the file's folder.
void wait_for_change(int notify) {
  pollfd event{notify, POLLIN, 0};
  if (::poll(&event, 1, kPollMs) <= 0) return;
  std::array<char, 4096> events{};
  [[maybe_unused]] ssize_t dropped = ::read(notify, events.data(), events.size());
}

}  // namespace

void follow_file(const std::string& path, int fd) {
  net::UniqueFd notify(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
  std::string folder = path.substr(0, path.rfind('/'));
  ::inotify_add_watch(notify.get(), folder.empty() ? "/" : folder.c_str(), IN_MODIFY | IN_MOVED_TO | IN_CREATE);
  net::UniqueFd file;
  for (;;) {
    if (file && was_replaced(file.get(), path)) {
      file.reset();
      if (!write_all(fd, kClearScreen)) return;
    }
    if (!file) file.reset(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (file && !copy_new_bytes(file.get(), fd)) return;
    wait_for_change(notify.get());
  }
}

}  // namespace ottobot::sandboxd
