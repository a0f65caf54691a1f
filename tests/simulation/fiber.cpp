#include "simulation/fiber.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>
#include <utility>
#include <vector>

#if defined(__SANITIZE_ADDRESS__)
#define OTTOBOT_ADDRESS_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define OTTOBOT_ADDRESS_SANITIZER 1
#endif
#endif

#ifdef OTTOBOT_ADDRESS_SANITIZER
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif

namespace ottobot::simulation {
namespace {

constexpr std::size_t kStackSize = 512 << 10;  // of addresses: only what is touched takes memory
constexpr std::size_t kGuardSize = 4096;

// Of ended threads; kept for all runs, of which one runs at a time.
std::vector<void*> spare_stacks;

void* take_stack() {
  if (!spare_stacks.empty()) {
    void* stack = spare_stacks.back();
    spare_stacks.pop_back();
    return stack;
  }
  void* stack = ::mmap(nullptr, kStackSize, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (stack == MAP_FAILED || ::mprotect(stack, kGuardSize, PROT_NONE) != 0) std::abort();
  return stack;
}

}  // namespace

Fiber::Fiber(std::uint64_t number, ProcessPtr owner, std::function<void()> to_run)
    : id(number), process(std::move(owner)), body_(std::move(to_run)), stack_(take_stack()) {
  ::getcontext(&own_);
  own_.uc_stack.ss_sp = stack_;
  own_.uc_stack.ss_size = kStackSize;
  own_.uc_link = nullptr;
  const auto self = reinterpret_cast<std::uintptr_t>(this);
  ::makecontext(&own_, reinterpret_cast<void (*)()>(&Fiber::start), 2, static_cast<unsigned>(self >> 32u),
                static_cast<unsigned>(self & 0xffffffffu));
}

Fiber::~Fiber() {
#ifdef OTTOBOT_ADDRESS_SANITIZER
  __asan_unpoison_memory_region(static_cast<char*>(stack_) + kGuardSize, kStackSize - kGuardSize);
#endif
  spare_stacks.push_back(stack_);
}

void Fiber::swap_exceptions() {
  auto* globals = reinterpret_cast<Exceptions*>(abi::__cxa_get_globals());
  std::swap(*globals, exceptions_);
}

void Fiber::start(unsigned high, unsigned low) {
  auto* self = reinterpret_cast<Fiber*>((static_cast<std::uintptr_t>(high) << 32u) | low);
#ifdef OTTOBOT_ADDRESS_SANITIZER
  __sanitizer_finish_switch_fiber(nullptr, &self->scheduler_stack_, &self->scheduler_stack_size_);
#endif
  self->body_();
  self->body_ = nullptr;
  self->finished = true;
  self->leave();
  std::abort();  // nobody enters a finished one
}

void Fiber::enter() {
  swap_exceptions();
#ifdef OTTOBOT_ADDRESS_SANITIZER
  void* scheduler_fake_stack = nullptr;
  __sanitizer_start_switch_fiber(&scheduler_fake_stack, stack_, kStackSize);
#endif
  ::swapcontext(&scheduler_, &own_);
#ifdef OTTOBOT_ADDRESS_SANITIZER
  __sanitizer_finish_switch_fiber(scheduler_fake_stack, nullptr, nullptr);
#endif
  swap_exceptions();
}

void Fiber::leave() {
#ifdef OTTOBOT_ADDRESS_SANITIZER
  __sanitizer_start_switch_fiber(finished ? nullptr : &fake_stack_, scheduler_stack_, scheduler_stack_size_);
#endif
  ::swapcontext(&own_, &scheduler_);
#ifdef OTTOBOT_ADDRESS_SANITIZER
  __sanitizer_finish_switch_fiber(fake_stack_, &scheduler_stack_, &scheduler_stack_size_);
#endif
}

}  // namespace ottobot::simulation
