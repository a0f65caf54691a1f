// Waiting on descriptors under a CallContext: the stop token wakes the poll. Private to net/.
#pragma once

#include <poll.h>

#include <span>

#include "ottobot/call_context.hpp"

namespace ottobot::net {

// Blocks until one of `fds` has an event (revents is set). Errors: cancelled, deadline_exceeded, internal.
Result<void> wait_fds(std::span<pollfd> fds, const CallContext& ctx);

// The same for one descriptor.
Result<void> wait_fd(int fd, short events, const CallContext& ctx);

}  // namespace ottobot::net
