// What finished turns have cost, added up: kept by a store in the same atomic step as the turn_finished events, so that
// nobody has to read logs to know it. Values only.
#pragma once

#include <cstdint>
#include <map>
#include <optional>

#include "ottobot/event.hpp"

namespace ottobot {

struct TurnTotals {
  std::int64_t turns = 0;
  std::int64_t steps = 0;        // model calls
  std::int64_t duration_ms = 0;  // from when a turn began to run to its end
  Usage usage;

  TurnTotals& operator+=(const TurnTotals& other);
  bool operator==(const TurnTotals&) const = default;
};

struct FinishedTurn {
  TurnOutcome outcome = TurnOutcome::completed;
  TurnTotals cost;  // turns is 1
};
// nullopt for any other event.
std::optional<FinishedTurn> finished_turn(const NewEvent& event);

struct StoreTotals {
  std::map<SessionStatus, std::size_t> sessions;  // that are there now; a status that none has may be missing
  std::map<TurnOutcome, TurnTotals> turns;        // of all sessions that ever were, purged ones too

  std::size_t all_sessions() const;
  TurnTotals all_turns() const;
};

}  // namespace ottobot
