#include "sandboxd/x_listener.hpp"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <cstring>

#include "ottobot/clock.hpp"

namespace ottobot::sandboxd {
namespace {

constexpr const char* kFolder = "/tmp/.X11-unix";
constexpr int kLastDisplay = 99;
constexpr int kBacklog = 128;

std::string socket_path(int display) { return "/tmp/.X11-unix/X" + std::to_string(display); }

constexpr std::chrono::milliseconds kPoll{10};

struct Address {
  sockaddr_un value{};
  socklen_t length = 0;
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&value); }
};

// `abstract` names live outside the file system and start with NUL.
Address address_of(const std::string& path, bool abstract) {
  Address address;
  address.value.sun_family = AF_UNIX;
  std::memcpy(address.value.sun_path + (abstract ? 1 : 0), path.data(), path.size());
  address.length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size() + 1);
  return address;
}

net::UniqueFd listen_at(const std::string& path, bool abstract) {
  const Address address = address_of(path, abstract);
  net::UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!fd || ::bind(fd.get(), address.get(), address.length) != 0) return {};
  if (::listen(fd.get(), kBacklog) != 0) return {};
  return fd;
}

// A socket file without a listener behind it: left by a display that is gone.
bool is_abandoned(const std::string& path) {
  const Address address = address_of(path, false);
  net::UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  return ::connect(fd.get(), address.get(), address.length) != 0 && errno == ECONNREFUSED;
}

}  // namespace

XListener::XListener(int display, net::UniqueFd file, net::UniqueFd abstract)
    : display_(display), file_(std::move(file)), abstract_(std::move(abstract)) {}

XListener::~XListener() {
  if (!file_) return;
  std::remove(socket_path(display_).c_str());
  remove_lock();
}

void XListener::remove_lock() const { std::remove(("/tmp/.X" + std::to_string(display_) + "-lock").c_str()); }

// The abstract name: who may write to /tmp can take the other one away.
Result<net::UniqueFd> XListener::connect(const CallContext& ctx) const {
  const Address address = address_of(socket_path(display_), true);
  net::UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd) return errno_error("a socket", errno);
  while (::connect(fd.get(), address.get(), address.length) != 0) {
    if (errno != EAGAIN && errno != EINTR) return unavailable("the desktop's display cannot be reached");
    if (auto slept = system_clock().sleep_for(kPoll, ctx); !slept) return fail(slept.error());
  }
  return fd;
}

Result<XListener> XListener::open(int first) {
  if (::mkdir(kFolder, 01777) == 0) {
    ::chmod(kFolder, 01777);  // the umask took some of it
  } else if (errno != EEXIST) {
    return fail(errno_error(kFolder, errno).value());
  }
  for (int display = first; display <= kLastDisplay; ++display) {
    std::string path = socket_path(display);
    net::UniqueFd abstract = listen_at(path, true);
    if (!abstract) continue;
    if (is_abandoned(path)) std::remove(path.c_str());
    net::UniqueFd file = listen_at(path, false);
    if (file) return XListener(display, std::move(file), std::move(abstract));
    if (errno != EADDRINUSE) break;
  }
  return unavailable("no X display can be made in /tmp/.X11-unix", "mount a writable /tmp");
}

}  // namespace ottobot::sandboxd
