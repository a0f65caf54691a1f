// Looking over all shards: pages of sessions, what has work, what is due, totals. Thread-safe.
#pragma once

#include "ottobot/session_store.hpp"
#include "redis/client.hpp"
#include "stores/redis/keys.hpp"

namespace ottobot::stores {

class SessionShards {
 public:
  // Borrowed.
  explicit SessionShards(redis::Client& client)
      : client_(client), shards_(all_shards(client.options().key_prefix)) {}

  // Ids as SessionStore::list_sessions orders them, and how many there are in all.
  struct Page {
    std::vector<std::string> ids;
    std::size_t total = 0;
  };
  Result<Page> page(const ListSessionsParams& params, const CallContext& ctx);
  Result<StoreTotals> totals(const CallContext& ctx);
  // Without a live lease at `now`, longest waiting first.
  Result<std::vector<std::string>> with_work(UnixMillis now, std::size_t limit, const CallContext& ctx);
  Result<std::vector<std::string>> due(UnixMillis now, std::size_t limit, const CallContext& ctx);

 private:
  using KeyOf = std::string (ShardKeys::*)() const;
  Result<std::vector<std::string>> up_to(KeyOf key, UnixMillis now, std::size_t limit, const CallContext& ctx);
  using Keys = std::vector<std::string>;
  Result<Page> shallow_page(const Keys& keys, std::size_t limit, std::size_t offset, const CallContext& ctx);
  Result<Page> deep_page(const Keys& keys, std::size_t limit, std::size_t offset, const CallContext& ctx);
  struct Span {
    UnixMillis oldest = 0, newest = 0;
  };
  Result<std::optional<Span>> span(const Keys& keys, const CallContext& ctx);
  Result<std::size_t> count_from(const Keys& keys, const std::string& lowest, const CallContext& ctx);

  redis::Client& client_;
  const std::vector<ShardKeys> shards_;
};

}  // namespace ottobot::stores
