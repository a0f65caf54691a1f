// NetworkRelease: takes the sandboxes' network away some time after the last of them, as the next one often comes soon
// and an engine takes a quarter of a second to make it. Thread-safe.
#pragma once

#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>

#include "containers/docker/docker_site.hpp"

namespace ottobot::containers {

class NetworkRelease {
 public:
  // `site` is borrowed; its options say how long the network stays.
  explicit NetworkRelease(DockerSite& site);
  // What is due is done now.
  ~NetworkRelease();

  // A sandbox has been removed: it may have been the last one.
  void after_removal(const CallContext& ctx);
  // There is none, it was seen.
  void without_sandboxes(const CallContext& ctx);

 private:
  bool at_once(const CallContext& ctx);
  void run(const std::stop_token& stop);

  DockerSite& site_;
  std::mutex mutex_;  // guards due_
  std::condition_variable_any changed_;
  std::optional<SteadyTime> due_;
  std::jthread thread_;
};

}  // namespace ottobot::containers
