#include "interrupts.hpp"

#include <unistd.h>

#include <condition_variable>
#include <ctime>
#include <mutex>

namespace ottobot::cli {
namespace {

constexpr timespec kPoll{0, 200'000'000};

}  // namespace

Interrupts::Interrupts() {
  ::sigemptyset(&signals_);
  ::sigaddset(&signals_, SIGINT);
  ::sigaddset(&signals_, SIGTERM);
  ::pthread_sigmask(SIG_BLOCK, &signals_, nullptr);
  thread_ = std::jthread([this](std::stop_token end) { watch(end); });
}

void Interrupts::wait() const {
  std::mutex mutex;  // guards nothing: the token is the condition
  std::condition_variable_any changed;
  std::unique_lock lock(mutex);
  changed.wait(lock, source_.get_token(), [] { return false; });
}

void Interrupts::watch(std::stop_token end) {
  while (!end.stop_requested()) {
    const int signal = ::sigtimedwait(&signals_, nullptr, &kPoll);
    if (signal < 0) continue;
    if (source_.stop_requested()) ::_exit(128 + signal);
    source_.request_stop();
  }
}

}  // namespace ottobot::cli
