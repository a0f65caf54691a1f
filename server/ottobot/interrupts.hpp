// Interrupts: SIGINT and SIGTERM as a stop token; the second one ends the process at once.
//
// Make one before any other thread starts: it blocks both signals for all threads. The destructor joins.
#pragma once

#include <csignal>
#include <stop_token>
#include <thread>

namespace ottobot::cli {

class Interrupts {
 public:
  Interrupts();

  std::stop_token token() const { return source_.get_token(); }
  // Until the first signal.
  void wait() const;

 private:
  void watch(std::stop_token end);

  sigset_t signals_{};
  std::stop_source source_;
  std::jthread thread_;  // last: it uses the above
};

}  // namespace ottobot::cli
