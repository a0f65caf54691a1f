#include "simulation/scheduler.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "simulation/fiber.hpp"

namespace ottobot::simulation {
namespace {

constexpr std::uint64_t kMostSwitches = 5'000'000;  // far more than any run needs

thread_local Scheduler* current_scheduler = nullptr;

}  // namespace

std::uint64_t Random::next() {
  std::uint64_t mixed = state_ += 0x9e3779b97f4a7c15ull;
  mixed = (mixed ^ (mixed >> 30u)) * 0xbf58476d1ce4e5b9ull;
  mixed = (mixed ^ (mixed >> 27u)) * 0x94d049bb133111ebull;
  return mixed ^ (mixed >> 31u);
}

Scheduler::Scheduler(std::uint64_t seed) : random_(seed), random_ids_(~seed), random_order_(seed ^ 0x5bd1e995u) {}

Scheduler::~Scheduler() = default;

Scheduler* Scheduler::current() { return current_scheduler; }

Scheduler* Scheduler::of_thread() {
  return current_scheduler != nullptr && current_scheduler->running_ != nullptr ? current_scheduler : nullptr;
}

void Scheduler::run(std::function<void()> main) {
  current_scheduler = this;
  detach(spawn(std::make_shared<Process>(), std::move(main)));
  while (!fibers_.empty()) {
    if (ready_.empty()) {
      pass_time();
      continue;
    }
    const std::size_t chosen = random_order_.below(ready_.size());
    std::swap(ready_[chosen], ready_.back());
    Fiber& next = *ready_.back();
    ready_.pop_back();
    resume(next);
  }
  events_.clear();  // answers to those who have ended
  current_scheduler = nullptr;
}

void Scheduler::resume(Fiber& fiber) {
  if (++switches_ > kMostSwitches) {
    std::fprintf(stderr, "a run without end:\n%s", last_steps().c_str());
    std::abort();
  }
  running_ = &fiber;
  fiber.enter();
  running_ = nullptr;
  if (!fiber.finished) return;
  wake_all(&fiber);
  if (fiber.detached) reclaim(fiber);
}

void Scheduler::pass_time() {
  if (events_.empty()) {
    std::fprintf(stderr, "every thread waits for another:\n%s", last_steps().c_str());
    std::abort();
  }
  auto first = events_.extract(events_.begin());
  now_ = std::max(now_, first.key().first);
  first.mapped()();
}

void Scheduler::reclaim(Fiber& fiber) { fibers_.erase(fiber.id); }

std::uint64_t Scheduler::spawn(ProcessPtr process, std::function<void()> body) {
  const std::uint64_t id = ++last_thread_;
  auto& fiber = fibers_[id] = std::make_unique<Fiber>(id, std::move(process), std::move(body));
  make_ready(*fiber);
  return id;
}

void Scheduler::join(std::uint64_t thread) {
  Fiber& fiber = *fibers_.at(thread);
  while (!fiber.finished) wait(&fiber, kNever);
  reclaim(fiber);
}

void Scheduler::detach(std::uint64_t thread) {
  Fiber& fiber = *fibers_.at(thread);
  fiber.detached = true;
  if (fiber.finished) reclaim(fiber);
}

std::uint64_t Scheduler::self() const { return running_->id; }

ProcessPtr Scheduler::process() const { return running_->process; }

void Scheduler::make_ready(Fiber& fiber) { (fiber.process->frozen ? stalled_ : ready_).push_back(&fiber); }

void Scheduler::suspend() {
  Fiber& self = *running_;
  self.leave();
}

bool Scheduler::wait(const void* key, Nanos deadline) {
  Fiber& self = *running_;
  self.waits_for = key;
  self.woken = false;
  waiters_[key].push_back(&self);
  if (deadline != kNever) {
    at(deadline, [this, id = self.id, wait = ++self.waits] {
      const auto found = fibers_.find(id);
      if (found == fibers_.end() || found->second->waits != wait || found->second->waits_for == nullptr) return;
      remove_waiter(*found->second);
      make_ready(*found->second);
    });
  } else {
    ++self.waits;
  }
  suspend();
  return self.woken;
}

void Scheduler::remove_waiter(Fiber& fiber) {
  const auto queue = waiters_.find(fiber.waits_for);
  std::erase(queue->second, &fiber);
  if (queue->second.empty()) waiters_.erase(queue);
  fiber.waits_for = nullptr;
}

void Scheduler::wake_one(const void* key) {
  const auto queue = waiters_.find(key);
  if (queue == waiters_.end()) return;
  Fiber& fiber = *queue->second.front();
  fiber.woken = true;
  remove_waiter(fiber);
  make_ready(fiber);
}

void Scheduler::wake_all(const void* key) {
  while (waiters_.count(key) > 0) wake_one(key);
}

void Scheduler::sleep_until(Nanos time) {
  if (time <= now_) return yield();
  wait(running_, time);
}

void Scheduler::yield() {
  make_ready(*running_);
  suspend();
}

void Scheduler::at(Nanos time, std::function<void()> event) {
  events_.emplace(Moment{std::max(time, now_), ++serial_}, std::move(event));
}

void Scheduler::freeze(Process& process) {
  process.frozen = true;
  const auto kept = std::stable_partition(ready_.begin(), ready_.end(),
                                          [&](const Fiber* fiber) { return fiber->process.get() != &process; });
  stalled_.insert(stalled_.end(), kept, ready_.end());
  ready_.erase(kept, ready_.end());
}

void Scheduler::thaw(Process& process) {
  process.frozen = false;
  const auto kept = std::stable_partition(stalled_.begin(), stalled_.end(),
                                          [&](const Fiber* fiber) { return fiber->process.get() != &process; });
  ready_.insert(ready_.end(), kept, stalled_.end());
  stalled_.erase(kept, stalled_.end());
}

void Scheduler::trace(const std::string& line) {
  char time[32];
  std::snprintf(time, sizeof time, "%10.3f  ", static_cast<double>(now_) / 1e9);
  std::string step = time + line + "\n";
  for (const char c : step) trace_hash_ = (trace_hash_ ^ static_cast<unsigned char>(c)) * 1099511628211ull;
  steps_.push_back(std::move(step));
  if (steps_.size() > steps_kept_) steps_.pop_front();
}

std::string Scheduler::last_steps() const {
  std::string text;
  for (const std::string& step : steps_) text += step;
  return text;
}

}  // namespace ottobot::simulation
