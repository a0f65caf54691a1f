// DiskWatch: ends the sandboxes whose files take more of the host's disk than a session may have.
//
// It goes round the running sandboxes of an instance and measures those that were busy since it looked last. One that
// was over the limit when it was started gets a little room to tidy up in, up to twice the limit. Thread-safe; one
// thread of its own.
#pragma once

#include <chrono>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "ottobot/clock.hpp"
#include "ottobot/container_backend.hpp"
#include "ottobot/log.hpp"

namespace ottobot::worker {

struct DiskWatchOptions {
  std::string instance;                      // whose sandboxes
  std::uint64_t limit_bytes = 0;             // for each; 0 = nothing is watched
  std::chrono::milliseconds interval{2000};  // between two rounds; more where a round takes long
};

class DiskWatch {
 public:
  // All by reference are borrowed.
  DiskWatch(ContainerBackend& backend, Clock& clock, Logger& logger, DiskWatchOptions options);
  ~DiskWatch() { stop(); }

  void stop();
  // Why it has ended this sandbox, for people; nullopt when it has not. Told once.
  std::optional<Error> take_verdict(const std::string& sandbox_name);

 private:
  // At one life of a sandbox.
  struct Look {
    UnixMillis created_at = 0;
    std::uint64_t cpu_time_us = 0;
    std::uint64_t allowed_bytes = 0;
    SteadyTime at{};
  };
  using Looks = std::map<std::string, Look>;  // by name

  void go_round(const std::stop_token& stop);
  void look_at_all(Looks& looks, const CallContext& ctx);
  std::optional<Look> look_at(const Sandbox& sandbox, const Look* before, const CallContext& ctx);
  void end(const std::string& name, std::uint64_t used, const CallContext& ctx);

  ContainerBackend& backend_;
  Clock& clock_;
  Logger& logger_;
  const DiskWatchOptions options_;

  std::mutex mutex_;                       // guards verdicts_
  std::map<std::string, Error> verdicts_;  // by name
  std::jthread thread_;
};

}  // namespace ottobot::worker
