// The logs of purged sessions: too long to go in one transaction, they go step by step after the session itself.
#pragma once

#include "stores/sqlite/writer.hpp"

namespace ottobot::stores {

// As part of the transaction that removes the session; may throw as Connection does.
void mark_purged(Connection& connection, std::int64_t sid);
// Removes what is marked. When ctx ends it, the next call goes on.
Result<void> finish_purges(Writer& writer, const CallContext& ctx);

}  // namespace ottobot::stores
