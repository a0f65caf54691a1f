// The table of checkpoints. May throw as Connection does.
#pragma once

#include <string>

#include "ottobot/session_store.hpp"
#include "stores/sqlite/connection.hpp"

namespace ottobot::stores {

// The newest stays.
void write_checkpoint(Connection& connection, std::int64_t sid, Seq seq, const std::string& state);
// Empty when there is none. Errors: not_found (the session).
Result<std::string> load_checkpoint(Connection& connection, const std::string& session_id);

}  // namespace ottobot::stores
