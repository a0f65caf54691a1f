#include "containers/docker/frame_decoder.hpp"

#include <algorithm>

namespace ottobot::containers {
namespace {

constexpr std::size_t kHeadSize = 8;
constexpr unsigned char kLastKind = 3;  // stdin, stdout, stderr, the engine's own errors

std::size_t length_of(std::string_view head) {
  std::size_t length = 0;
  for (std::size_t at = 4; at < kHeadSize; ++at) length = length << 8 | static_cast<unsigned char>(head[at]);
  return length;
}

bool is_head(std::string_view head) {
  return static_cast<unsigned char>(head[0]) <= kLastKind && head[1] == 0 && head[2] == 0 && head[3] == 0;
}

}  // namespace

bool FrameDecoder::feed(std::string_view bytes) {
  while (!bytes.empty() && !broken_) {
    if (left_ > 0) {
      const std::size_t part = std::min(left_, bytes.size());
      if (is_output_) keep(bytes.substr(0, part));
      left_ -= part;
      bytes.remove_prefix(part);
      continue;
    }
    const std::size_t part = std::min(kHeadSize - head_.size(), bytes.size());
    head_.append(bytes.substr(0, part));
    bytes.remove_prefix(part);
    if (head_.size() < kHeadSize) break;
    broken_ = !is_head(head_);
    is_output_ = head_[0] != 0;
    left_ = length_of(head_);
    head_.clear();
  }
  return !broken_;
}

void FrameDecoder::keep(std::string_view payload) {
  text_.append(payload);
  // Not at every frame: that would be quadratic.
  if (text_.size() > 2 * max_bytes_) text_.erase(0, text_.size() - max_bytes_);
}

}  // namespace ottobot::containers
