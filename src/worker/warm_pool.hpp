// WarmPool: sandboxes that are started ahead of need, under the ids of sessions that do not exist yet. A session that
// is created under such an id finds its sandbox running, as one does that it had launched itself.
//
// As many wait for each image and environment that was asked for lately. What is taken is never given back, what waits
// is paused, and nothing of it survives the pool: a spare that a killed process left is a stray to the next one's
// reaper. Thread-safe; one thread of its own refills.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>

#include "ottobot/clock.hpp"
#include "ottobot/container_backend.hpp"
#include "ottobot/log.hpp"

namespace ottobot::worker {

struct WarmPoolOptions {
  int size = 0;  // for each image and environment; 0 = no pool
  // How a session's sandbox is launched.
  std::function<LaunchParams(const std::string& session_id, const std::string& image, const std::string& environment)>
      launch_params;
  std::string default_environment;  // whose spares are there before the first session is
  std::chrono::milliseconds launch_timeout{120000};
  std::chrono::milliseconds refill_delay{250};  // after one was taken: its session has the processors first
};

class WarmPool {
 public:
  // `backend`, `clock` and `logger` are borrowed.
  WarmPool(ContainerBackend& backend, Clock& clock, Logger& logger, WarmPoolOptions options);
  ~WarmPool() { drain(std::chrono::seconds(5)); }

  // The id of a session whose sandbox is ready; nullopt when none is.
  std::optional<std::string> take(const std::string& image, const std::string& environment);
  // Whether the sandbox of this id is the pool's, or was a moment ago.
  bool holds(const std::string& session_id);
  int ready() const;

  // Removes what waits, and starts nothing more. What is left after `patience` is a stray. May be repeated.
  void drain(std::chrono::milliseconds patience);

 private:
  struct Kind {
    std::string image, environment;
    bool operator<(const Kind& other) const {
      return std::tie(image, environment) < std::tie(other.image, other.environment);
    }
  };
  struct Shelf {
    std::deque<std::string> ready;
    bool failing = false;  // the last launch did: an image that is not there, say
    SteadyTime wanted_at{};
    SteadyTime not_before{};  // of the next launch
  };

  void refill(const std::stop_token& stop);
  std::optional<Kind> next_to_fill(SteadyTime now, SteadyTime& wake_at);
  void start_spare(const Kind& kind, const std::stop_token& stop);
  Result<void> launch(const std::string& session_id, const Kind& kind, const CallContext& ctx);
  void forget_unwanted();
  void remove(const std::string& session_id, const CallContext& ctx);

  ContainerBackend& backend_;
  Clock& clock_;
  Logger& logger_;
  const WarmPoolOptions options_;

  mutable std::mutex mutex_;  // guards the members below
  std::condition_variable_any changed_;
  std::map<Kind, Shelf> shelves_;
  std::set<std::string> held_;               // waiting, or being started
  std::map<std::string, SteadyTime> taken_;  // until their sessions are in the store
  bool asked_ = false;                       // since the thread looked last
  bool draining_ = false;                    // nothing is given any more
  std::jthread thread_;
};

}  // namespace ottobot::worker
