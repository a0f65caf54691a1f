#include "stores/memory/memory_blobs.hpp"

#include "ottobot/ids.hpp"

namespace ottobot::stores {
namespace {

class MemoryBlobWriter final : public BlobWriter {
 public:
  explicit MemoryBlobWriter(KeepBlob keep) : keep_(std::move(keep)) {}

  Result<void> write(std::string_view bytes) override {
    if (committed_) return conflict("the blob is committed already");
    bytes_.append(bytes);
    return {};
  }

  Result<std::string> commit() override {
    if (committed_) return conflict("the blob is committed already");
    committed_ = true;
    std::string id = sha256_hex(bytes_);
    if (auto kept = keep_(id, std::make_shared<const std::string>(std::move(bytes_))); !kept) return fail(kept.error());
    return id;
  }

 private:
  KeepBlob keep_;
  std::string bytes_;
  bool committed_ = false;
};

class MemoryBlobReader final : public BlobReader {
 public:
  explicit MemoryBlobReader(std::shared_ptr<const std::string> bytes) : bytes_(std::move(bytes)) {}

  std::uint64_t size_bytes() const override { return bytes_->size(); }

  Result<void> seek(std::uint64_t offset) override {
    if (offset > bytes_->size()) return invalid_argument("offset is past the end of the blob");
    position_ = offset;
    return {};
  }

  Result<std::size_t> read(std::span<char> buffer) override {
    const std::size_t count = bytes_->copy(buffer.data(), buffer.size(), position_);
    position_ += count;
    return count;
  }

 private:
  std::shared_ptr<const std::string> bytes_;
  std::size_t position_ = 0;
};

}  // namespace

std::unique_ptr<BlobWriter> make_memory_blob_writer(KeepBlob keep) {
  return std::make_unique<MemoryBlobWriter>(std::move(keep));
}

std::unique_ptr<BlobReader> make_memory_blob_reader(std::shared_ptr<const std::string> bytes) {
  return std::make_unique<MemoryBlobReader>(std::move(bytes));
}

}  // namespace ottobot::stores
