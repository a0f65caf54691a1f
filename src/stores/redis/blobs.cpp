#include "stores/redis/blobs.hpp"

#include <algorithm>
#include <cstring>

#include "ottobot/ids.hpp"
#include "stores/append_rules.hpp"
#include "stores/redis/session_scripts.hpp"
#include "stores/sha256.hpp"

namespace ottobot::stores {
namespace {

using redis::Request;

constexpr std::size_t kPieceBytes = 256 << 10;
// An upload that stands still for so long is given up; its key goes by itself.
constexpr std::chrono::minutes kUploadPause{60};
// So long, those who have a removed blob open read on.
constexpr std::chrono::minutes kReadOn{10};
constexpr std::chrono::seconds kPieceTimeout{30};

std::string millis(std::chrono::milliseconds duration) { return std::to_string(duration.count()); }

class Writer final : public BlobWriter {
 public:
  Writer(redis::Client& client, SessionKeys keys) : client_(client), keys_(std::move(keys)) {}
  ~Writer() override {
    if (pieces_ > 0 && !committed_) {
      (void)client_.call(Request::command({"UNLINK", upload_}), with_timeout(std::chrono::seconds(1)));
    }
  }

  Result<void> write(std::string_view bytes) override {
    if (committed_) return conflict("the blob is committed already");
    digest_.add(bytes);
    size_ += bytes.size();
    while (!bytes.empty()) {
      const std::size_t part = std::min(bytes.size(), kPieceBytes - piece_.size());
      piece_.append(bytes.substr(0, part));
      bytes.remove_prefix(part);
      if (piece_.size() < kPieceBytes) continue;
      if (auto sent = send_piece(); !sent) return sent;
    }
    return {};
  }

  Result<std::string> commit() override {
    if (committed_) return conflict("the blob is committed already");
    if (!piece_.empty()) {
      if (auto sent = send_piece(); !sent) return fail(sent.error());
    }
    auto id = digest_.hex();
    if (!id) return id;
    committed_ = true;
    auto reply = client_.call(
        Request::script(session_scripts::keep_blob(), {keys_.row(), upload_, keys_.blob(*id), keys_.blobs()},
                        {*id, std::to_string(size_), std::to_string(pieces_ + 1)}),
        with_timeout(kPieceTimeout));
    if (!reply) return fail(reply.error());
    if ((*reply)[0].text() == "missing") return no_session(keys_.id());
    if ((*reply)[0].text() == "lost") return unavailable("the upload of a blob took too long", "try again");
    return id;
  }

 private:
  Result<void> send_piece() {
    auto request = Request::script(session_scripts::put_piece(), {upload_},
                                   {std::to_string(pieces_), std::move(piece_), millis(kUploadPause)});
    ++pieces_;
    piece_.clear();
    auto sent = client_.call(std::move(request), with_timeout(kPieceTimeout));
    if (!sent) return fail(sent.error());
    return {};
  }

  redis::Client& client_;
  const SessionKeys keys_;
  const std::string upload_ = keys_.upload(new_id());
  Sha256 digest_;
  std::string piece_;
  std::size_t pieces_ = 0, size_ = 0;
  bool committed_ = false;
};

class Reader final : public BlobReader {
 public:
  Reader(redis::Client& client, SessionKeys keys, std::string blob_id, std::uint64_t size)
      : client_(client), keys_(std::move(keys)), blob_id_(std::move(blob_id)), size_(size) {}

  std::uint64_t size_bytes() const override { return size_; }

  Result<void> seek(std::uint64_t offset) override {
    if (offset > size_) return invalid_argument("offset is past the end of the blob");
    position_ = offset;
    return {};
  }

  Result<std::size_t> read(std::span<char> buffer) override {
    if (position_ == size_ || buffer.empty()) return 0;
    const std::uint64_t piece = position_ / kPieceBytes;
    if (auto loaded = load(piece); !loaded) return fail(loaded.error());
    const std::size_t offset = position_ % kPieceBytes;
    if (offset >= bytes_.size()) return data_loss("blob " + blob_id_ + " is shorter than it was");
    const std::size_t count = std::min(buffer.size(), bytes_.size() - offset);
    std::memcpy(buffer.data(), bytes_.data() + offset, count);
    position_ += count;
    return count;
  }

 private:
  Result<void> load(std::uint64_t piece) {
    if (loaded_ == piece) return {};
    const std::string field = std::to_string(piece);
    for (const std::string& key : {keys_.blob(blob_id_), keys_.removed_blob(blob_id_)}) {
      auto bytes = client_.call(Request::command({"HGET", key, field}), with_timeout(kPieceTimeout));
      if (!bytes) return fail(bytes.error());
      if (bytes->is_nil()) continue;
      bytes_ = bytes->str();
      loaded_ = piece;
      return {};
    }
    return no_blob(keys_.id(), blob_id_);
  }

  redis::Client& client_;
  const SessionKeys keys_;
  const std::string blob_id_;
  const std::uint64_t size_;
  std::uint64_t position_ = 0;
  std::string bytes_;
  std::optional<std::uint64_t> loaded_;
};

}  // namespace

std::unique_ptr<BlobWriter> RedisBlobs::create(SessionKeys keys) {
  return std::make_unique<Writer>(client_, std::move(keys));
}

Result<std::unique_ptr<BlobReader>> RedisBlobs::open(SessionKeys keys, const std::string& blob_id,
                                                     const CallContext& ctx) {
  if (!is_sha256(blob_id)) return no_blob(keys.id(), blob_id);
  auto size = client_.call(Request::command({"HGET", keys.blob(blob_id), "size"}), ctx);
  if (!size) return fail(size.error());
  if (size->is_nil()) return no_blob(keys.id(), blob_id);
  const auto bytes = static_cast<std::uint64_t>(size->number());
  return std::make_unique<Reader>(client_, std::move(keys), blob_id, bytes);
}

Result<void> RedisBlobs::remove(const SessionKeys& keys, std::uint64_t epoch, const std::string& blob_id,
                                const CallContext& ctx) {
  const std::string blob = is_sha256(blob_id) ? blob_id : std::string();
  auto reply = client_.call(Request::script(session_scripts::remove_blob(),
                                            {keys.row(), keys.named_blobs(), keys.blob(blob), keys.removed_blob(blob),
                                             keys.blobs()},
                                            {std::to_string(epoch), blob, millis(kReadOn)}),
                            ctx);
  if (!reply) return fail(reply.error());
  const std::string_view outcome = (*reply)[0].text();
  if (outcome == "missing") return no_session(keys.id());
  if (outcome == "fenced") return stale_epoch(keys.id(), epoch);
  if (outcome == "absent") return no_blob(keys.id(), blob_id);
  if (outcome == "used") return blob_in_use(keys.id(), blob_id);
  return {};
}

}  // namespace ottobot::stores
