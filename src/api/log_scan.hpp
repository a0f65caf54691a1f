// Looking back from the end of a log, which the store only reads forwards: cost follows what is found, not the log.
#pragma once

#include <functional>
#include <vector>

#include "ottobot/session_store.hpp"

namespace ottobot::api {

// The last `count` events that `wanted` accepts, of those up to `last_seq`, ascending. Blobs are not put back into
// place. Errors: those of read().
Result<std::vector<Event>> find_last_events(SessionStore& store, const std::string& session_id, Seq last_seq,
                                            std::size_t count, const std::function<bool(const Event&)>& wanted,
                                            const CallContext& ctx);

}  // namespace ottobot::api
