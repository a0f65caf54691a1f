#include "ottobot/turn_totals.hpp"

namespace ottobot {

TurnTotals& TurnTotals::operator+=(const TurnTotals& other) {
  turns += other.turns;
  steps += other.steps;
  duration_ms += other.duration_ms;
  usage += other.usage;
  return *this;
}

std::optional<FinishedTurn> finished_turn(const NewEvent& event) {
  if (event.type != EventType::turn_finished) return std::nullopt;
  const auto outcome = parse_turn_outcome(get_string(event.data, "outcome"));
  if (!outcome) return std::nullopt;
  FinishedTurn turn{*outcome, {}};
  turn.cost.turns = 1;
  turn.cost.steps = get_int(event.data, "steps");
  turn.cost.duration_ms = get_int(event.internal, "duration_ms");
  if (const Json* usage = find_member(event.data, "usage")) turn.cost.usage = usage_from_json(*usage);
  return turn;
}

std::size_t StoreTotals::all_sessions() const {
  std::size_t all = 0;
  for (const auto& [status, count] : sessions) all += count;
  return all;
}

TurnTotals StoreTotals::all_turns() const {
  TurnTotals all;
  for (const auto& [outcome, totals] : turns) all += totals;
  return all;
}

}  // namespace ottobot
