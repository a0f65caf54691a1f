#include "sandboxd/output_capture.hpp"

#include <fcntl.h>

#include <algorithm>

namespace ottobot::sandboxd {
namespace {

constexpr std::size_t kKeptBytes = kMaxOutputChars * 4;  // enough for characters of four bytes
constexpr std::uint64_t kMaxFileBytesSaved = 256U << 20U;
constexpr std::size_t kErrorShare = 10000;

}  // namespace

OutputCapture::OutputCapture(std::string path) : path_(std::move(path)) {}

void OutputCapture::keep(Kept& kept, std::string_view bytes) {
  std::size_t to_head = kept.tail_total > 0 ? 0 : std::min(bytes.size(), kKeptBytes - kept.head.size());
  kept.head.append(bytes.substr(0, to_head));
  bytes.remove_prefix(to_head);
  if (bytes.empty()) return;
  kept.tail_total += bytes.size();
  kept.tail.append(bytes);
  if (kept.tail.size() > 2 * kKeptBytes) kept.tail.erase(0, kept.tail.size() - kKeptBytes);
}

PartialBytes OutputCapture::partial(const Kept& kept) {
  return {kept.head, kept.tail, static_cast<std::size_t>(kept.tail_total - kept.tail.size())};
}

void OutputCapture::save(std::string_view bytes) {
  if (file_.empty()) {
    unsaved_.append(bytes);
    if (unsaved_.size() <= kMaxOutputChars) return;
    fd_.reset(::open(path_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
    if (fd_) file_ = path_;
    std::string start = std::move(unsaved_);
    unsaved_ = {};
    if (fd_) return save(start);
  }
  while (fd_ && !bytes.empty()) {
    ssize_t written = ::write(fd_.get(), bytes.data(), bytes.size());
    if (written <= 0) return fd_.reset();  // a full disk costs the rest of the file, not the command
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  if (total_ > kMaxFileBytesSaved) fd_.reset();
}

void OutputCapture::append(OutputStream stream, std::string_view bytes) {
  total_ += bytes.size();
  keep(kept_[static_cast<std::size_t>(stream)], bytes);
  save(bytes);
}

OutputCapture::Text OutputCapture::text() const {
  PartialBytes out = partial(kept_[0]);
  PartialBytes err = partial(kept_[1]);
  std::size_t out_bytes = out.head.size() + out.tail.size();
  std::size_t err_limit = std::max(kErrorShare, kMaxOutputChars - std::min(kMaxOutputChars, out_bytes));
  Clipped shown_err = clip_middle(err, err_limit, file_);
  Clipped shown_out = clip_middle(out, kMaxOutputChars - std::min(kMaxOutputChars, count_chars(shown_err.text)), file_);
  return {std::move(shown_out.text), std::move(shown_err.text), shown_out.clipped || shown_err.clipped};
}

}  // namespace ottobot::sandboxd
