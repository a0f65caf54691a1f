// Docker's multiplexed streams (Engine API, ContainerAttach, "Stream format"): frames of a type byte, three zeros, a
// big-endian length and the payload. No I/O.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace ottobot::containers {

class FrameDecoder {
 public:
  // Keeps the payload of standard output and standard error, in order, and only its last `max_bytes`.
  explicit FrameDecoder(std::size_t max_bytes) : max_bytes_(max_bytes) {}

  // Any split of the stream does. False: this is no such stream (a terminal's is raw); nothing more is taken then.
  bool feed(std::string_view bytes);
  // A frame was begun and has not ended.
  bool is_within_frame() const { return left_ > 0 || !head_.empty(); }
  std::string text() const { return text_.size() > max_bytes_ ? text_.substr(text_.size() - max_bytes_) : text_; }

 private:
  void keep(std::string_view payload);

  std::size_t max_bytes_;
  std::string head_;        // of a frame whose head is not complete
  std::size_t left_ = 0;    // of the frame that is being read
  bool is_output_ = false;  // it is one of the kept kinds
  bool broken_ = false;
  std::string text_;
};

}  // namespace ottobot::containers
