// What this program has in place of the C library's threads, clocks and random bytes.
//
// Inside a simulated run they are the Scheduler's; everywhere else they go on to the real ones. A definition in a
// program comes before those of shared libraries, so libstdc++ uses these as well. No thread that runs elsewhere
// shares a mutex or a condition with a simulated one.

#include <dlfcn.h>
#include <pthread.h>
#include <sched.h>
#include <sys/random.h>
#include <time.h>

#include <cerrno>
#include <cstdlib>

#include "simulation/scheduler.hpp"

namespace {

using ottobot::simulation::kNever;
using ottobot::simulation::kSecond;
using ottobot::simulation::Nanos;
using ottobot::simulation::Scheduler;

constexpr Nanos kMonotonicStart = 1'000 * kSecond;
constexpr Nanos kRealtimeStart = 1'700'000'000 * kSecond;  // 2023-11-14T22:13:20Z

template <class Function>
Function real(Function& cached, const char* name) {
  if (cached == nullptr) cached = reinterpret_cast<Function>(::dlsym(RTLD_NEXT, name));
  return cached;
}

// The function of that name that would be called without this file.
#define OTTOBOT_REAL(name)          \
  ([] {                             \
    static decltype(&::name) found; \
    return real(found, #name);      \
  }())

Nanos start_of(clockid_t clock) { return clock == CLOCK_REALTIME ? kRealtimeStart : kMonotonicStart; }

Nanos to_nanos(const timespec& time) { return time.tv_sec * kSecond + time.tv_nsec; }

// A moment of `clock`; kNever for what is further away than can be counted.
Nanos moment(clockid_t clock, const timespec& time) {
  if (time.tv_sec >= kNever / kSecond) return kNever;
  return to_nanos(time) - start_of(clock);
}

int wait_for_condition(Scheduler& scheduler, pthread_cond_t* condition, pthread_mutex_t* mutex, Nanos deadline) {
  ::pthread_mutex_unlock(mutex);  // no other thread runs before wait()
  const bool woken = scheduler.wait(condition, deadline);
  ::pthread_mutex_lock(mutex);
  return woken ? 0 : ETIMEDOUT;
}

}  // namespace

#pragma GCC visibility push(default)  // shared libraries are to find them
extern "C" {

int clock_gettime(clockid_t clock, timespec* time) noexcept {
  const Scheduler* scheduler = Scheduler::current();
  if (scheduler == nullptr || (clock != CLOCK_MONOTONIC && clock != CLOCK_REALTIME)) {
    return OTTOBOT_REAL(clock_gettime)(clock, time);
  }
  const Nanos now = start_of(clock) + scheduler->now();
  *time = {now / kSecond, now % kSecond};
  return 0;
}

int nanosleep(const timespec* duration, timespec* left) {
  Scheduler* scheduler = Scheduler::of_thread();
  if (scheduler == nullptr) return OTTOBOT_REAL(nanosleep)(duration, left);
  scheduler->sleep_for(to_nanos(*duration));
  return 0;
}

int sched_yield() noexcept {
  Scheduler* scheduler = Scheduler::of_thread();
  if (scheduler == nullptr) return OTTOBOT_REAL(sched_yield)();
  scheduler->yield();
  return 0;
}

ssize_t getrandom(void* buffer, size_t size, unsigned flags) {
  Scheduler* scheduler = Scheduler::current();
  if (scheduler == nullptr) return OTTOBOT_REAL(getrandom)(buffer, size, flags);
  for (size_t i = 0; i < size; ++i) static_cast<unsigned char*>(buffer)[i] = scheduler->random_ids().next() & 0xffu;
  return static_cast<ssize_t>(size);
}

int pthread_create(pthread_t* thread, const pthread_attr_t* attributes, void* (*start)(void*),
                   void* argument) noexcept {
  Scheduler* scheduler = Scheduler::of_thread();
  if (scheduler == nullptr) return OTTOBOT_REAL(pthread_create)(thread, attributes, start, argument);
  *thread = scheduler->spawn(scheduler->process(), [start, argument] { start(argument); });
  return 0;
}

int pthread_join(pthread_t thread, void** result) {
  Scheduler* scheduler = Scheduler::of_thread();
  if (scheduler == nullptr) return OTTOBOT_REAL(pthread_join)(thread, result);
  scheduler->join(thread);
  return 0;
}

int pthread_detach(pthread_t thread) noexcept {
  Scheduler* scheduler = Scheduler::of_thread();
  if (scheduler == nullptr) return OTTOBOT_REAL(pthread_detach)(thread);
  scheduler->detach(thread);
  return 0;
}

pthread_t pthread_self() noexcept {
  const Scheduler* scheduler = Scheduler::of_thread();
  return scheduler == nullptr ? OTTOBOT_REAL(pthread_self)() : scheduler->self();
}

int pthread_mutex_lock(pthread_mutex_t* mutex) noexcept {
  Scheduler* scheduler = Scheduler::of_thread();
  if (scheduler == nullptr) {
    if (Scheduler::current() == nullptr) return OTTOBOT_REAL(pthread_mutex_lock)(mutex);
    if (::pthread_mutex_trylock(mutex) != 0) std::abort();  // an event that would have to wait
    return 0;
  }
  while (::pthread_mutex_trylock(mutex) != 0) scheduler->wait(mutex, kNever);
  return 0;
}

int pthread_mutex_unlock(pthread_mutex_t* mutex) noexcept {
  const int unlocked = OTTOBOT_REAL(pthread_mutex_unlock)(mutex);
  if (Scheduler* scheduler = Scheduler::current()) scheduler->wake_one(mutex);
  return unlocked;
}

int pthread_cond_wait(pthread_cond_t* condition, pthread_mutex_t* mutex) {
  Scheduler* scheduler = Scheduler::of_thread();
  if (scheduler == nullptr) return OTTOBOT_REAL(pthread_cond_wait)(condition, mutex);
  return wait_for_condition(*scheduler, condition, mutex, kNever);
}

int pthread_cond_timedwait(pthread_cond_t* condition, pthread_mutex_t* mutex, const timespec* until) {
  Scheduler* scheduler = Scheduler::of_thread();
  if (scheduler == nullptr) return OTTOBOT_REAL(pthread_cond_timedwait)(condition, mutex, until);
  return wait_for_condition(*scheduler, condition, mutex, moment(CLOCK_REALTIME, *until));
}

int pthread_cond_clockwait(pthread_cond_t* condition, pthread_mutex_t* mutex, clockid_t clock, const timespec* until) {
  Scheduler* scheduler = Scheduler::of_thread();
  if (scheduler == nullptr) return OTTOBOT_REAL(pthread_cond_clockwait)(condition, mutex, clock, until);
  return wait_for_condition(*scheduler, condition, mutex, moment(clock, *until));
}

int pthread_cond_signal(pthread_cond_t* condition) noexcept {
  if (Scheduler* scheduler = Scheduler::current()) {
    scheduler->wake_one(condition);
    return 0;
  }
  return OTTOBOT_REAL(pthread_cond_signal)(condition);
}

int pthread_cond_broadcast(pthread_cond_t* condition) noexcept {
  if (Scheduler* scheduler = Scheduler::current()) {
    scheduler->wake_all(condition);
    return 0;
  }
  return OTTOBOT_REAL(pthread_cond_broadcast)(condition);
}
}
#pragma GCC visibility pop
