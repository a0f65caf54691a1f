// What a process wrote: beginning and end of each stream in memory, the whole in a file once it is long.
// Not synchronised: its owner's mutex guards it.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "net/unique_fd.hpp"
#include "sandboxd/text.hpp"

namespace ottobot::sandboxd {

enum class OutputStream { out = 0, err = 1 };

class OutputCapture {
 public:
  // `path`: where the whole goes (both streams as they came) when it exceeds what a result shows.
  explicit OutputCapture(std::string path);

  void append(OutputStream stream, std::string_view bytes);
  std::uint64_t total_bytes() const { return total_; }
  // The whole output's file; empty while it is short.
  const std::string& file() const { return file_; }

  struct Text {
    std::string out, err;
    bool clipped = false;
  };
  // Both streams in at most kMaxOutputChars together; what errors need comes first.
  Text text() const;

 private:
  struct Kept {
    std::string head, tail;
    std::uint64_t tail_total = 0;
  };
  static void keep(Kept& kept, std::string_view bytes);
  static PartialBytes partial(const Kept& kept);
  void save(std::string_view bytes);

  std::string path_, file_;
  net::UniqueFd fd_;
  std::string unsaved_;  // both streams, until the file is worth making
  std::array<Kept, 2> kept_;
  std::uint64_t total_ = 0;
};

}  // namespace ottobot::sandboxd
