// Large strings of events live in blobs: `internal.blobs` lists where they go back, as JSON pointers.
#pragma once

#include "ottobot/session_store.hpp"

namespace ottobot::session {

inline constexpr std::size_t kInlineLimitBytes = 64 << 10;

// Whether externalize() has anything to do.
bool has_large_value(const NewEvent& event);
// Moves every longer string of data and internal into a blob of the session. True when there was one.
Result<bool> externalize(NewEvent& event, SessionStore& store, const std::string& session_id, const CallContext& ctx);
// Puts them back; the bytes that came. Errors: data_loss when a blob is gone.
Result<std::size_t> internalize(Event& event, SessionStore& store, const std::string& session_id, const CallContext& ctx);

}  // namespace ottobot::session
