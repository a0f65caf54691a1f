// The random instants of the crash tests: how many, and from which seed.
//
//   OTTOBOT_CRASH_KILLS   instants of a run (12); on a container engine OTTOBOT_CRASH_KILLS_ON_ENGINE (3)
//   OTTOBOT_CRASH_SEED    repeats the choices of a run that printed it; how far the server is at each is its own affair
#pragma once

#include <chrono>
#include <cstdlib>
#include <iostream>
#include <random>
#include <string>

namespace ottobot::crash {

class Chance {
 public:
  Chance() : random_(seed_) { std::cout << describe() << std::endl; }

  std::string describe() const { return "OTTOBOT_CRASH_SEED=" + std::to_string(seed_); }

  // From 0 to `most`, both included.
  int up_to(int most) { return std::uniform_int_distribution<int>(0, most)(random_); }
  bool one_in(int n) { return up_to(n - 1) == 0; }
  std::chrono::microseconds moment(std::chrono::microseconds most) {
    return std::chrono::microseconds(up_to(static_cast<int>(most.count())));
  }

 private:
  static unsigned pick_seed() {
    const char* given = std::getenv("OTTOBOT_CRASH_SEED");
    return given == nullptr ? std::random_device{}() : static_cast<unsigned>(std::strtoul(given, nullptr, 10));
  }

  const unsigned seed_ = pick_seed();
  std::mt19937 random_;
};

inline int instants() {
  const bool on_engine = std::getenv("OTTOBOT_TEST_ENGINE") != nullptr;
  const char* given = std::getenv(on_engine ? "OTTOBOT_CRASH_KILLS_ON_ENGINE" : "OTTOBOT_CRASH_KILLS");
  const int wanted = given == nullptr ? 0 : std::atoi(given);
  if (wanted > 0) return wanted;
  return on_engine ? 3 : 12;
}

}  // namespace ottobot::crash
