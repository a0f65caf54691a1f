// Threads without parallelism, in a time that is only counted.
//
// Whatever runs inside run() believes that it has threads, mutexes, condition variables, clocks and random numbers of
// its own: libc_stand_ins.cpp gives it those of the Scheduler in place of the C library's. Every thread is a fiber of
// one real thread; another one goes on only where the running one waits, and which one is drawn by the seed. When
// nothing can run, time jumps to the next moment at which something can. So a run is a function of its seed.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

namespace ottobot::simulation {

using Nanos = std::int64_t;  // since the beginning of the run
inline constexpr Nanos kNever = std::numeric_limits<Nanos>::max();
inline constexpr Nanos kMillisecond = 1'000'000;
inline constexpr Nanos kSecond = 1'000 * kMillisecond;

// SplitMix64.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next();
  std::uint64_t below(std::uint64_t bound) { return next() % bound; }
  bool chance(double probability) { return static_cast<double>(next() >> 11) * 0x1p-53 < probability; }
  Nanos between(Nanos least, Nanos most) {
    return least + static_cast<Nanos>(below(static_cast<std::uint64_t>(most - least + 1)));
  }

 private:
  std::uint64_t state_;
};

// A process of the simulated service: threads belong to the one that their maker belongs to.
struct Process {
  std::string name;
  bool frozen = false;  // as after SIGSTOP: its threads do not run, time goes on
  // As after SIGKILL: nothing that it does reaches anybody any more. Its threads run to their ends, to be tidied up.
  bool dead = false;
  bool cut_off = false;  // from store and queue
};
using ProcessPtr = std::shared_ptr<Process>;

class Fiber;

class Scheduler {
 public:
  explicit Scheduler(std::uint64_t seed);
  ~Scheduler();
  Scheduler(const Scheduler&) = delete;
  Scheduler& operator=(const Scheduler&) = delete;

  // Runs `main` and every thread that comes of it to its end. Aborts when all wait for each other.
  void run(std::function<void()> main);

  // Of the run that this real thread is in; nullptr outside of one.
  static Scheduler* current();
  // current() where a thread of the run asks; nullptr in events, which may not wait.
  static Scheduler* of_thread();

  Nanos now() const { return now_; }
  Random& random() { return random_; }          // for what happens
  Random& random_ids() { return random_ids_; }  // for what is given out as random bytes
  std::uint64_t switches() const { return switches_; }

  std::uint64_t spawn(ProcessPtr process, std::function<void()> body);
  void join(std::uint64_t thread);
  void detach(std::uint64_t thread);
  std::uint64_t self() const;
  ProcessPtr process() const;  // of the running thread

  // Waits for wake_*(key); false when the deadline came first.
  bool wait(const void* key, Nanos deadline);
  void wake_one(const void* key);
  void wake_all(const void* key);
  void sleep_until(Nanos time);
  void sleep_for(Nanos duration) { sleep_until(now_ + duration); }
  void yield();

  // Calls `event` then, outside of all threads: it must not wait.
  void at(Nanos time, std::function<void()> event);
  void after(Nanos duration, std::function<void()> event) { at(now_ + duration, std::move(event)); }

  void freeze(Process& process);
  void thaw(Process& process);

  // What happened; kept as far as the last steps go. The hash is of all.
  void trace(const std::string& line);
  std::uint64_t trace_hash() const { return trace_hash_; }
  std::string last_steps() const;
  void keep_steps(std::size_t count) { steps_kept_ = count; }

 private:
  using Moment = std::pair<Nanos, std::uint64_t>;  // and a serial number, so that equal times keep their order

  void make_ready(Fiber& fiber);
  void remove_waiter(Fiber& fiber);
  void suspend();
  void resume(Fiber& fiber);
  void pass_time();
  void reclaim(Fiber& fiber);

  Nanos now_ = 0;
  std::uint64_t serial_ = 0, switches_ = 0, last_thread_ = 1u << 20u;
  Random random_, random_ids_, random_order_;
  Fiber* running_ = nullptr;
  std::map<std::uint64_t, std::unique_ptr<Fiber>> fibers_;
  std::vector<Fiber*> ready_, stalled_;  // stalled: would be ready, but the process is frozen
  std::unordered_map<const void*, std::vector<Fiber*>> waiters_;
  std::map<Moment, std::function<void()>> events_;
  std::deque<std::string> steps_;
  std::size_t steps_kept_ = 200;
  std::uint64_t trace_hash_ = 14695981039346656037ull;
};

}  // namespace ottobot::simulation
