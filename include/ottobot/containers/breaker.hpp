// A circuit breaker over any ContainerBackend: what fails again and again is refused at once for a while, so that
// nobody waits for one time-out after the other.
//
// Launches and all other calls are counted apart: an engine that answers may still be unable to start anything. After
// some failures in a row (unavailable, deadline_exceeded) calls are refused: unavailable, with retry_after, and without
// the failures' own words, which may hold a sandbox's log. When that time is over one call is let through as a trial: its success lets all through
// again, its failure refuses for as long once more. A launch of a sandbox that runs is never refused. name() and
// probe() pass through. Thread-safe as far as the inner backend is.
#pragma once

#include <chrono>
#include <memory>

#include "ottobot/clock.hpp"
#include "ottobot/container_backend.hpp"

namespace ottobot {

struct BreakerOptions {
  int failures = 5;  // in a row
  std::chrono::milliseconds refused_for{10000};
};

class BreakerBackend : public ContainerBackend {
 public:
  // Whether a launch would be tried. Does not block. Errors: unavailable, as launch() would answer.
  virtual Result<void> admits_launches() const = 0;
};

// `clock` is borrowed and must outlive the backend.
std::unique_ptr<BreakerBackend> make_breaker_backend(std::unique_ptr<ContainerBackend> inner, BreakerOptions options,
                                                     Clock& clock);

}  // namespace ottobot
