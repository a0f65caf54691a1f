// What a process wrote: beginning and end of each stream in memory, the whole in a file once it is long or is not text.
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
  // A begun character alone is none.
  bool has_unread() const { return unread_[0].has_character() || unread_[1].has_character(); }
  // The whole output's file; empty while it is short.
  const std::string& file() const { return file_; }

  struct Text {
    std::string out, err;
    bool clipped = false;
    bool replaced = false;  // some bytes were not UTF-8: the exact ones are in file()
  };
  // Both streams since the last call, in at most kMaxOutputChars together; what errors need comes first. The begun
  // character at the end of a stream waits for its rest unless the output is `complete`.
  Text take_unread(bool complete);
  // Both streams from their start, in the same bounds.
  Text all();

 private:
  struct Kept {
    std::string head, tail;
    std::uint64_t total = 0;
    void append(std::string_view bytes);
    bool has_character() const;
    PartialBytes partial() const;
    // The begun character at the end.
    std::string take_incomplete_end();
  };
  Text show(const std::array<Kept, 2>& streams);
  void save(std::string_view bytes);
  void make_file();
  std::string described_file() const;

  std::string path_, file_;
  net::UniqueFd fd_;
  std::string unsaved_;  // both streams, until the file is worth making
  bool file_failed_ = false;
  std::array<Kept, 2> all_, unread_;
  std::uint64_t total_ = 0, saved_ = 0;
};

}  // namespace ottobot::sandboxd
