// The tables that finished turns are added up in. May throw as Connection does.
#pragma once

#include "ottobot/session_store.hpp"
#include "stores/sqlite/connection.hpp"

namespace ottobot::stores {

// Adds the turns that end in `events`.
void count_turns(Connection& connection, std::int64_t sid, const std::vector<NewEvent>& events);
// The columns turns, steps, duration_ms, input_tokens, output_tokens, cached_tokens, cost_usd from `column` on; zeros
// where they are NULL.
TurnTotals read_turns(const Query& query, int column);
StoreTotals load_totals(Connection& connection);

}  // namespace ottobot::stores
