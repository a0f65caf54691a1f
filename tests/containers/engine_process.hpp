// The dockerd of the test run, to be stopped, frozen and started again.
#pragma once

#include <sys/types.h>

#include <csignal>
#include <cstdlib>
#include <fstream>
#include <string>

#include "containers/test_engine.hpp"

namespace ottobot::containers {

// 0 when the engine is not ours.
inline pid_t engine_pid() {
  std::string work;
  std::getline(std::ifstream(engine_folder() / "work") >> std::ws, work);
  pid_t pid = 0;
  std::ifstream(work + "/dockerd.pid") >> pid;
  return pid;
}

inline bool restart_engine() {
  return std::system((std::string(OTTOBOT_ENGINE_SCRIPT) + " restart " + engine_folder().string()).c_str()) == 0;
}

// It takes connections and answers nothing, until the end of the scope.
class FrozenEngine {
 public:
  explicit FrozenEngine(pid_t pid) : pid_(pid) { ::kill(pid_, SIGSTOP); }
  ~FrozenEngine() { ::kill(pid_, SIGCONT); }
  FrozenEngine(const FrozenEngine&) = delete;
  FrozenEngine& operator=(const FrozenEngine&) = delete;

 private:
  pid_t pid_;
};

}  // namespace ottobot::containers
