// One thread of a simulated run: a stack of its own, left and entered by its scheduler.
#pragma once

#include <ucontext.h>

#include <cxxabi.h>

#include "simulation/scheduler.hpp"

namespace ottobot::simulation {

class Fiber {
 public:
  Fiber(std::uint64_t number, ProcessPtr owner, std::function<void()> to_run);
  ~Fiber();
  Fiber(const Fiber&) = delete;
  Fiber& operator=(const Fiber&) = delete;

  void enter();  // from the scheduler, until leave() or the end
  void leave();  // from the fiber itself

  const std::uint64_t id;
  const ProcessPtr process;
  bool finished = false, detached = false;
  const void* waits_for = nullptr;  // key
  std::uint64_t waits = 0;          // counts them, so that a deadline knows whether it is still that of the current one
  bool woken = false;               // by its key

 private:
  static void start(unsigned high, unsigned low);
  void swap_exceptions();

  std::function<void()> body_;
  void* stack_;
  ucontext_t own_{}, scheduler_{};
  // What the C++ runtime keeps for each thread: exceptions that are being handled.
  struct Exceptions {
    void* caught;
    unsigned uncaught;
  } exceptions_{};
  // For AddressSanitizer.
  [[maybe_unused]] void* fake_stack_ = nullptr;
  [[maybe_unused]] const void* scheduler_stack_ = nullptr;
  [[maybe_unused]] std::size_t scheduler_stack_size_ = 0;
};

}  // namespace ottobot::simulation
