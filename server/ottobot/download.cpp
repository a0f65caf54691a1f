#include "download.hpp"

#include <charconv>
#include <fstream>
#include <system_error>

#include "server_client.hpp"

namespace ottobot::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kOverlapBytes = 4096;  // compared before a part is gone on with
constexpr std::size_t kMaxRefusalBytes = 4096;

Failure cannot_write(const fs::path& path) {
  return resource_exhausted("cannot write " + path.string(), "is the disk full, may the folder be written to?");
}

std::optional<std::uint64_t> number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<std::uint64_t> content_length(const net::Headers& headers) {
  const auto text = headers.find("Content-Length");
  return text ? number(*text) : std::nullopt;
}

// The bytes of the file from `from` on.
std::string tail_of(const fs::path& path, std::uint64_t from) {
  std::ifstream file(path, std::ios::binary);
  file.seekg(static_cast<std::streamoff>(from));
  return {std::istreambuf_iterator<char>(file), {}};
}

// Whatever the answer is: a refusal's body is kept for its message.
class Answer : public net::ResponseSink {
 public:
  Result<void> on_head(int status, const net::Headers& headers) override {
    status_ = status;
    return is_good() ? begin(headers) : Result<void>{};
  }
  Result<void> on_body(std::string_view bytes) override {
    if (is_good()) return take(bytes);
    refusal_.append(bytes.substr(0, kMaxRefusalBytes - std::min(kMaxRefusalBytes, refusal_.size())));
    return {};
  }
  int status() const { return status_; }
  // Once the transfer is done.
  Result<void> outcome() const {
    if (is_good()) return {};
    return fail(refusal(status_, refusal_));
  }

 protected:
  virtual Result<void> begin(const net::Headers& headers) = 0;
  virtual Result<void> take(std::string_view bytes) = 0;

 private:
  bool is_good() const { return status_ == 200 || status_ == 206; }

  int status_ = 0;
  std::string refusal_;
};

// Appends to TARGET.part, or begins it anew.
class PartSink final : public Answer {
 public:
  PartSink(fs::path part, std::string expected, std::uint64_t kept, Progress& progress)
      : part_(std::move(part)), expected_(std::move(expected)), kept_(kept), progress_(progress) {}

  // The part is of another version of the file.
  bool is_other_file() const { return other_file_; }

  Result<void> close() {
    file_.close();
    if (!file_) return cannot_write(part_);
    return {};
  }

 private:
  Result<void> begin(const net::Headers& headers) override {
    const bool goes_on = status() == 206;
    if (!goes_on) expected_.clear();
    file_.open(part_, std::ios::binary | (goes_on ? std::ios::app : std::ios::trunc));
    if (!file_) return cannot_write(part_);
    const std::uint64_t have = goes_on ? kept_ - expected_.size() : 0;
    const auto length = content_length(headers);
    progress_.start(have, length ? std::optional(have + *length) : std::nullopt);
    return {};
  }

  Result<void> take(std::string_view bytes) override {
    progress_.add(bytes.size());
    const auto again = bytes.substr(0, expected_.size());
    if (expected_.compare(0, again.size(), again) != 0) {
      other_file_ = true;
      return data_loss("the file has changed since its first part was downloaded");
    }
    expected_.erase(0, again.size());
    bytes.remove_prefix(again.size());
    if (!file_.write(bytes.data(), static_cast<std::streamsize>(bytes.size()))) return cannot_write(part_);
    return {};
  }

  const fs::path part_;
  std::string expected_;  // the part's end, which the server sends again
  const std::uint64_t kept_;
  Progress& progress_;
  std::ofstream file_;
  bool other_file_ = false;
};

class StreamSink final : public Answer {
 public:
  explicit StreamSink(std::ostream& out) : out_(out) {}

 private:
  Result<void> begin(const net::Headers&) override { return {}; }
  Result<void> take(std::string_view bytes) override {
    if (out_.write(bytes.data(), static_cast<std::streamsize>(bytes.size()))) return {};
    return resource_exhausted("cannot write to the output");
  }

  std::ostream& out_;
};

std::uint64_t size_of(const fs::path& path) {
  std::error_code error;
  const auto size = fs::file_size(path, error);
  return error ? 0 : size;
}

// One try; false when the part turned out to be of another file, and was removed.
Result<bool> fetch_part(const Stream& stream, const DownloadParams& params, const fs::path& part, Progress& progress,
                        const CallContext& ctx) {
  net::HttpRequest request = params.request;
  const std::uint64_t kept = params.may_resume ? size_of(part) : 0;
  const std::uint64_t from = kept - std::min<std::uint64_t>(kept, kOverlapBytes);
  if (kept > 0) request.headers.set("Range", "bytes=" + std::to_string(from) + "-");
  PartSink sink(part, kept > 0 ? tail_of(part, from) : std::string(), kept, progress);
  auto done = stream(request, sink, ctx);
  if (done) done = sink.outcome();
  if (kept > 0 && (sink.is_other_file() || sink.status() == 416)) {
    std::error_code ignored;
    fs::remove(part, ignored);
    return false;
  }
  if (!done) return fail(done.error());
  if (auto closed = sink.close(); !closed) return fail(closed.error());
  return true;
}

}  // namespace

Result<void> download(const Stream& stream, const DownloadParams& params, Progress& progress, const CallContext& ctx) {
  const fs::path part = params.target.string() + ".part";
  auto whole = fetch_part(stream, params, part, progress, ctx);
  if (whole && !*whole) whole = fetch_part(stream, params, part, progress, ctx);
  std::error_code error;
  if (whole) {
    fs::rename(part, params.target, error);
    if (!error) return {};
  }
  if (!whole && params.may_resume && size_of(part) > 0) {
    auto broken = whole.error();
    if (broken.hint.empty() || broken.code == ErrorCode::unavailable)
      broken.hint = "the same command goes on from here";
    return fail(std::move(broken));
  }
  std::error_code ignored;
  fs::remove(part, ignored);
  if (!whole) return fail(whole.error());
  return errno_error("cannot write " + params.target.string(), error.value());
}

Result<void> download_to(const Stream& stream, const net::HttpRequest& request, std::ostream& out,
                         const CallContext& ctx) {
  StreamSink sink(out);
  auto done = stream(request, sink, ctx);
  if (done) done = sink.outcome();
  if (!done) return done;
  if (!out.flush()) return resource_exhausted("cannot write to the output");
  return {};
}

}  // namespace ottobot::cli
