// A session's row as the fields of a Redis hash: those that have their default are left out.
#pragma once

#include "ottobot/session_store.hpp"
#include "redis/reply.hpp"

namespace ottobot::stores {

// name, value, name, value, … Without last_seq, pending and turns, which the scripts keep.
redis::Arguments row_fields(const SessionRow& row);
redis::Arguments patch_fields(const RowPatch& patch);
// Of HGETALL; `reply` is not empty.
SessionRow row_from(const std::string& session_id, const redis::ReplyView& reply);

// What a finished turn adds up to, by name: as in the row, and in the totals behind its outcome.
redis::Arguments turn_fields(const TurnTotals& cost);
// Sets the field of that name; other names do nothing.
void set_turn_field(TurnTotals& totals, std::string_view name, const redis::ReplyView& value);

}  // namespace ottobot::stores
