// The tables, and how a database of an older version becomes one of this version.
#pragma once

#include "stores/sqlite/connection.hpp"

namespace ottobot::stores {

// Makes `connection`, read-write, ready for use: WAL, durability, newest schema. Errors: data_loss (not a database of
// ours), unsupported (a newer version wrote it). May throw as Connection does.
Result<void> prepare_database(Connection& connection, std::uint64_t max_bytes);

}  // namespace ottobot::stores
