#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>

#include "chat/line_input.hpp"

namespace ottobot::cli::chat {
namespace {

class PipeInput final : public LineInput {
 public:
  std::vector<std::string> read() override {
    std::array<char, 16 << 10> chunk;
    const ssize_t got = ::read(STDIN_FILENO, chunk.data(), chunk.size());
    if (got < 0 && (errno == EINTR || errno == EAGAIN)) return {};
    if (got > 0) buffer_.append(chunk.data(), static_cast<std::size_t>(got));
    at_end_ = got <= 0;
    std::vector<std::string> lines;
    std::size_t start = 0;
    for (std::size_t end; (end = buffer_.find('\n', start)) != std::string::npos; start = end + 1) {
      lines.push_back(buffer_.substr(start, end - start));
    }
    buffer_.erase(0, start);
    if (at_end_ && !buffer_.empty()) lines.push_back(std::exchange(buffer_, {}));
    return lines;
  }

  bool at_end() const override { return at_end_; }

  void write(std::string_view text) override {
    std::fwrite(text.data(), 1, text.size(), stdout);
    std::fflush(stdout);
  }

  void clear() override {}

 private:
  std::string buffer_;
  bool at_end_ = false;
};

}  // namespace

std::unique_ptr<LineInput> make_pipe_input() { return std::make_unique<PipeInput>(); }

}  // namespace ottobot::cli::chat
