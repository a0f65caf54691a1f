#include "simulation/wire.hpp"

namespace ottobot::simulation {

Nanos Wire::draw_delay() const {
  Random& random = scheduler_.random();
  if (random.chance(weather_.slow)) return random.between(weather_.usual, weather_.slowest);
  return random.between(weather_.usual / 10, weather_.usual);
}

Wire::Fate Wire::draw_fate() const {
  Random& random = scheduler_.random();
  Fate fate;
  fate.lost_before = random.chance(weather_.lost_before);
  fate.lost_after = random.chance(weather_.lost_after);
  fate.silent = random.chance(weather_.silent);
  fate.there = draw_delay();
  fate.back = draw_delay();
  return fate;
}

void Wire::trace(std::string_view what, const char* outcome) const {
  scheduler_.trace(process_->name + ": " + std::string(what) + " " + outcome);
}

}  // namespace ottobot::simulation
