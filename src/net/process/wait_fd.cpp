#include "net/process/wait_fd.hpp"

#include <sys/eventfd.h>

#include <cerrno>

#include "net/unique_fd.hpp"

namespace ottobot::net {
namespace {

// poll() takes an int of milliseconds; rounding up keeps the last fraction of a millisecond from spinning.
int poll_timeout(const CallContext& ctx) {
  if (ctx.deadline == SteadyTime::max()) return -1;
  constexpr std::int64_t kLongest = 3'600'000;
  return static_cast<int>(std::min<std::int64_t>(ctx.remaining().count() + 1, kLongest));
}

Result<void> poll_until(std::vector<pollfd>& all, const CallContext& ctx) {
  while (true) {
    if (auto live = ctx.check(); !live) return live;
    const int ready = ::poll(all.data(), all.size(), poll_timeout(ctx));
    if (ready > 0) return ctx.stop.stop_requested() ? Result<void>(cancelled()) : Result<void>{};
    if (ready < 0 && errno != EINTR) return errno_error("poll", errno);
  }
}

}  // namespace

Result<void> wait_fds(std::span<pollfd> fds, const CallContext& ctx) {
  std::vector<pollfd> all(fds.begin(), fds.end());
  Result<void> result;
  if (ctx.stop.stop_possible()) {
    UniqueFd wake(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (!wake) return errno_error("eventfd", errno);
    all.push_back({wake.get(), POLLIN, 0});
    // Declared after `wake`, so it is gone (and not running) before the descriptor closes.
    std::stop_callback on_stop(ctx.stop, [&wake] { ::eventfd_write(wake.get(), 1); });
    result = poll_until(all, ctx);
  } else {
    result = poll_until(all, ctx);
  }
  std::copy_n(all.begin(), fds.size(), fds.begin());
  return result;
}

Result<void> wait_fd(int fd, short events, const CallContext& ctx) {
  pollfd one{fd, events, 0};
  return wait_fds({&one, 1}, ctx);
}

}  // namespace ottobot::net
