// Blobs as hashes of pieces: constant memory on our side, one key for each blob on the other. Thread-safe; a reader or
// writer is used by one thread at a time.
#pragma once

#include <memory>

#include "ottobot/session_store.hpp"
#include "redis/client.hpp"
#include "stores/redis/keys.hpp"

namespace ottobot::stores {

class RedisBlobs {
 public:
  // Borrowed.
  explicit RedisBlobs(redis::Client& client) : client_(client) {}

  std::unique_ptr<BlobWriter> create(SessionKeys keys);
  Result<std::unique_ptr<BlobReader>> open(SessionKeys keys, const std::string& blob_id, const CallContext& ctx);
  // As SessionStore::remove_blob.
  Result<void> remove(const SessionKeys& keys, std::uint64_t epoch, const std::string& blob_id, const CallContext& ctx);

 private:
  redis::Client& client_;
};

}  // namespace ottobot::stores
