// An append or a new session as the script takes it, and what the script says of it. Pure functions.
#pragma once

#include "ottobot/session_store.hpp"
#include "redis/client.hpp"
#include "stores/redis/keys.hpp"

namespace ottobot::stores {

struct AppendConditions {
  std::optional<std::uint64_t> epoch;  // of the owner
  std::optional<Seq> if_last_seq;
};

redis::Request append_request(const SessionKeys& keys, const std::vector<NewEvent>& events, const RowPatch& patch,
                              const AppendConditions& conditions, const std::string& now);
// As SessionStore's appends.
Result<AppendResult> append_result(const AppendParams& params, const AppendConditions& conditions,
                                   const redis::ReplyView& reply);

// `key`: the idempotency key, as it is named in Redis; empty = none.
redis::Request create_request(const SessionKeys& keys, const SessionRow& row, const std::vector<NewEvent>& events,
                              const std::string& key, const std::string& serial, const std::string& now);

// What looks like the id of a blob.
std::vector<std::string> find_blob_ids(std::string_view text);

}  // namespace ottobot::stores
