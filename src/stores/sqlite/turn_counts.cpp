#include "stores/sqlite/turn_counts.hpp"

namespace ottobot::stores {
namespace {

#define OTTOBOT_ADD_TURNS                                                                                      \
  "DO UPDATE SET turns = turns + ?2, steps = steps + ?3, duration_ms = duration_ms + ?4, "                     \
  "input_tokens = input_tokens + ?5, output_tokens = output_tokens + ?6, cached_tokens = cached_tokens + ?7, " \
  "cost_usd = cost_usd + ?8"

template <class Key>
void add(Connection& connection, const char* sql, const Key& key, const TurnTotals& cost) {
  connection.query(sql)
      .bind(key, cost.turns, cost.steps, cost.duration_ms, cost.usage.input_tokens, cost.usage.output_tokens,
            cost.usage.cached_tokens, cost.usage.cost_usd)
      .run();
}

}  // namespace

void count_turns(Connection& connection, std::int64_t sid, const std::vector<NewEvent>& events) {
  for (const NewEvent& event : events) {
    const auto turn = finished_turn(event);
    if (!turn) continue;
    add(connection,
        "INSERT INTO session_turns VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT (sid) " OTTOBOT_ADD_TURNS, sid,
        turn->cost);
    add(connection,
        "INSERT INTO all_turns VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT (outcome) " OTTOBOT_ADD_TURNS,
        to_string(turn->outcome), turn->cost);
  }
}

TurnTotals read_turns(const Query& query, int column) {
  TurnTotals totals;
  if (query.is_null(column)) return totals;
  totals.turns = query.integer(column++);
  totals.steps = query.integer(column++);
  totals.duration_ms = query.integer(column++);
  totals.usage.input_tokens = query.integer(column++);
  totals.usage.output_tokens = query.integer(column++);
  totals.usage.cached_tokens = query.integer(column++);
  totals.usage.cost_usd = query.real(column);
  return totals;
}

StoreTotals load_totals(Connection& connection) {
  StoreTotals totals;
  std::size_t live = 0;
  {
    auto query =
        connection.query("SELECT status, count(*) FROM projections WHERE status != 'terminated' GROUP BY status");
    while (query.next()) {
      const auto count = static_cast<std::size_t>(query.integer(1));
      totals.sessions[parse_session_status(query.text(0)).value_or(SessionStatus::error)] += count;
      live += count;
    }
  }
  {
    auto query = connection.query("SELECT sessions FROM totals WHERE scope = 'all'");
    const std::size_t all = query.next() ? static_cast<std::size_t>(query.integer(0)) : 0;
    if (all > live) totals.sessions[SessionStatus::terminated] = all - live;
  }
  auto query = connection.query(
      "SELECT outcome, turns, steps, duration_ms, input_tokens, output_tokens, cached_tokens, cost_usd FROM all_turns");
  while (query.next()) {
    if (const auto outcome = parse_turn_outcome(query.text(0))) totals.turns[*outcome] += read_turns(query, 1);
  }
  return totals;
}

}  // namespace ottobot::stores
