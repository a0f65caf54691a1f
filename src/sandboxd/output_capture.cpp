#include "sandboxd/output_capture.hpp"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>

#include "ottobot/json.hpp"

namespace ottobot::sandboxd {
namespace {

constexpr std::size_t kKeptBytes = kMaxOutputChars * 2;  // at each end: half of the characters, of four bytes each
constexpr std::uint64_t kMaxFileBytesSaved = 256U << 20U;
constexpr std::size_t kErrorShare = 10000;

}  // namespace

OutputCapture::OutputCapture(std::string path) : path_(std::move(path)) {}

void OutputCapture::Kept::append(std::string_view bytes) {
  total += bytes.size();
  std::size_t to_head = tail.empty() ? std::min(bytes.size(), kKeptBytes - head.size()) : 0;
  head.append(bytes.substr(0, to_head));
  bytes.remove_prefix(to_head);
  tail.append(bytes);
  if (tail.size() > 2 * kKeptBytes) tail.erase(0, tail.size() - kKeptBytes);
}

bool OutputCapture::Kept::has_character() const { return !tail.empty() || utf8_complete_prefix(head) > 0; }

PartialBytes OutputCapture::Kept::partial() const {
  return {head, tail, static_cast<std::size_t>(total - head.size() - tail.size())};
}

std::string OutputCapture::Kept::take_incomplete_end() {
  std::string& last = tail.empty() ? head : tail;
  std::size_t whole = utf8_complete_prefix(last);
  std::string rest = last.substr(whole);
  last.resize(whole);
  total -= rest.size();
  return rest;
}

void OutputCapture::make_file() {
  if (!file_.empty() || file_failed_) return;
  fd_.reset(::open(path_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
  file_failed_ = !fd_;
  if (fd_) file_ = path_;
  std::string start = std::move(unsaved_);
  unsaved_ = {};
  save(start);
}

void OutputCapture::save(std::string_view bytes) {
  if (file_failed_) return;
  if (file_.empty()) {
    if (unsaved_.size() + bytes.size() <= kMaxOutputChars) {
      unsaved_.append(bytes);
      return;
    }
    make_file();
  }
  bytes = bytes.substr(0, static_cast<std::size_t>(std::min<std::uint64_t>(bytes.size(), kMaxFileBytesSaved - saved_)));
  while (fd_ && !bytes.empty()) {
    ssize_t written = ::write(fd_.get(), bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return fd_.reset();  // a full disk costs the rest of the file, not the command
    saved_ += static_cast<std::uint64_t>(written);
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
}

void OutputCapture::append(OutputStream stream, std::string_view bytes) {
  total_ += bytes.size();
  all_[static_cast<std::size_t>(stream)].append(bytes);
  unread_[static_cast<std::size_t>(stream)].append(bytes);
  save(bytes);
}

OutputCapture::Text OutputCapture::take_unread(bool complete) {
  std::array<Kept, 2> fresh;
  if (!complete) {
    for (std::size_t i = 0; i < fresh.size(); ++i) fresh[i].append(unread_[i].take_incomplete_end());
  }
  Text text = show(unread_);
  unread_ = std::move(fresh);
  return text;
}

OutputCapture::Text OutputCapture::all() { return show(all_); }

std::string OutputCapture::described_file() const {
  if (file_.empty() || saved_ == total_) return file_;
  return file_ + " (the first " + human_bytes(saved_) + " of it)";
}

OutputCapture::Text OutputCapture::show(const std::array<Kept, 2>& streams) {
  PartialBytes out = streams[0].partial();
  PartialBytes err = streams[1].partial();
  Text text;
  for (const PartialBytes* part : {&out, &err}) {
    std::string bytes = part->head + part->tail;
    text.replaced = text.replaced || (part->dropped == 0 && to_valid_utf8(bytes) != bytes);
  }
  std::size_t out_bytes = out.head.size() + out.tail.size();
  std::size_t err_limit = std::max(kErrorShare, kMaxOutputChars - std::min(kMaxOutputChars, out_bytes));
  Clipped shown_err = clip_middle(err, err_limit, described_file());
  Clipped shown_out =
      clip_middle(out, kMaxOutputChars - std::min(kMaxOutputChars, count_chars(shown_err.text)), described_file());
  text.clipped = shown_out.clipped || shown_err.clipped;
  text.out = std::move(shown_out.text);
  text.err = std::move(shown_err.text);
  if (text.replaced) make_file();
  return text;
}

}  // namespace ottobot::sandboxd
