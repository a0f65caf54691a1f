#include "net/process/line_reader.hpp"

#include <unistd.h>

#include <array>
#include <cerrno>

#include "net/process/wait_fd.hpp"

namespace ottobot::net {

Result<std::optional<std::string>> LineReader::next(const CallContext& ctx) {
  while (true) {
    const auto end = buffer_.find('\n', searched_);
    if (end != std::string::npos) {
      std::string line = buffer_.substr(0, end);
      buffer_.erase(0, end + 1);
      searched_ = 0;
      return line;
    }
    searched_ = buffer_.size();
    if (buffer_.size() > max_line_bytes_) {
      return resource_exhausted("a line is longer than " + std::to_string(max_line_bytes_) + " bytes");
    }
    if (ended_) {
      searched_ = 0;
      if (buffer_.empty()) return std::nullopt;
      return std::exchange(buffer_, {});
    }
    if (auto ready = wait_fd(fd_, POLLIN, ctx); !ready) return fail(ready.error());
    std::array<char, 65536> bytes;
    const ssize_t got = ::read(fd_, bytes.data(), bytes.size());
    if (got < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (got < 0) return errno_error("read", errno);
    ended_ = got == 0;
    buffer_.append(bytes.data(), static_cast<std::size_t>(got));
  }
}

}  // namespace ottobot::net
