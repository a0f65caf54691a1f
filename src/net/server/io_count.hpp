// What came of one read or write, and what the next one waits for.
#pragma once

#include <cerrno>
#include <cstddef>

namespace ottobot::net {

struct IoCount {
  enum class Status { ok, blocked, end, failed } status = Status::ok;
  std::size_t bytes = 0;  // > 0 when ok
};

enum class IoWait { nothing, readable, writable };

// Of a system call that failed with this errno.
inline IoCount failed_io(int error) {
  const bool again = error == EAGAIN || error == EWOULDBLOCK || error == EINTR;
  return {again ? IoCount::Status::blocked : IoCount::Status::failed, 0};
}

}  // namespace ottobot::net
