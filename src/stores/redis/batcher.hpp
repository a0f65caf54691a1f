// One call for what many threads ask at once: while a call is under way, what comes is gathered for the next one.
//
// There is no thread behind it: one of those who wait makes the call of all. A lone caller waits for nobody.
// Thread-safe.
#pragma once

#include <algorithm>
#include <atomic>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <semaphore>
#include <thread>
#include <vector>

#include "ottobot/call_context.hpp"

namespace ottobot::stores {

template <class Item, class Answer>
class Batcher {
 public:
  struct Entry {
    Item item;
    bool again = false;  // it was part of a call before, whose outcome nobody knows
    bool left = false;   // nobody waits for it
  };
  using Entries = std::vector<const Entry*>;
  // An answer for each entry, in their order. There is at least one.
  using Call = std::function<Result<std::vector<Answer>>(const Entries&, const CallContext&)>;

  explicit Batcher(Call call) : call_(std::move(call)) {}

  // Errors: those of the call; cancelled, deadline_exceeded: nobody knows whether it was made.
  Result<Answer> run(Item item, const CallContext& ctx) {
    Lock lock(mutex_);
    if (waiting_.empty() || waiting_.back()->entries.size() >= kMost) waiting_.push_back(std::make_shared<Round>());
    const auto round = waiting_.back();
    const std::size_t place = round->entries.size();
    round->entries.push_back({std::move(item)});
    const auto wake = [&round] { round->woken.release(kMost); };  // us, and others, who look and wait again
    std::optional<std::stop_callback<decltype(wake)>> on_stop;
    if (ctx.stop.stop_possible()) on_stop.emplace(ctx.stop, wake);
    while (true) {
      if (!calling_) {
        lead(lock, ctx);
      } else {
        lock.unlock();
        (void)round->woken.try_acquire_until(ctx.deadline);
        if (round->done) return round->take(place);
        lock.lock();
      }
      if (round->done) return round->take(place);
      if (auto live = ctx.check(); !live) {
        round->entries[place].left = true;
        wake_next();
        return fail(live.error());
      }
    }
  }

  // How many wait for the next calls.
  std::size_t gathered() {
    const std::lock_guard lock(mutex_);
    std::size_t count = 0;
    for (const auto& round : waiting_) {
      for (const Entry& entry : round->entries) count += entry.left ? 0 : 1;
    }
    return count;
  }

  static constexpr std::size_t kMost = 100;  // of one call

 private:
  using Lock = std::unique_lock<std::mutex>;
  // What goes in one call, and comes back.
  struct Round {
    Result<Answer> take(std::size_t place) {
      if (!answers) return fail(answers.error());
      return std::move((*answers)[place]);
    }

    std::vector<Entry> entries;
    Result<std::vector<Answer>> answers;
    std::atomic<bool> done = false;      // then nothing changes any more
    std::counting_semaphore<> woken{0};  // it is done, or one of it may lead
  };

  // The call of the round that has waited longest.
  void lead(Lock& lock, const CallContext& ctx) {
    calling_ = true;
    if (crowd_) {  // those who were answered together are about to ask again
      lock.unlock();
      std::this_thread::yield();
      lock.lock();
    }
    const auto round = std::move(waiting_.front());
    waiting_.pop_front();
    crowd_ = round->entries.size() > 1;
    Entries entries;
    for (const Entry& entry : round->entries) {
      if (!entry.left) entries.push_back(&entry);
    }
    lock.unlock();
    auto answers = call_(entries, ctx);
    lock.lock();
    calling_ = false;
    if (!answers && !ctx.check()) {  // it was only our time that ran out
      for (Entry& entry : round->entries) entry.again = true;
      waiting_.push_front(round);
    } else {
      if (answers) put_in_place(*round, entries, *answers);
      round->answers = std::move(answers);
      round->done = true;
      round->woken.release(static_cast<std::ptrdiff_t>(round->entries.size()));
    }
    wake_next();
  }

  // Those who have left get one, too, which nobody takes.
  static void put_in_place(const Round& round, const Entries& entries, std::vector<Answer>& answers) {
    std::vector<Answer> all(round.entries.size());
    for (std::size_t n = 0; n < entries.size(); ++n) all[entries[n] - round.entries.data()] = std::move(answers[n]);
    answers = std::move(all);
  }

  void wake_next() {
    while (!waiting_.empty() && all_left(*waiting_.front())) waiting_.pop_front();
    if (!calling_ && !waiting_.empty()) waiting_.front()->woken.release();
  }

  static bool all_left(const Round& round) {
    return std::all_of(round.entries.begin(), round.entries.end(), [](const Entry& entry) { return entry.left; });
  }

  const Call call_;
  std::mutex mutex_;                            // guards the rest
  std::deque<std::shared_ptr<Round>> waiting_;  // longest first
  bool calling_ = false;
  bool crowd_ = false;  // the last call was of several
};

}  // namespace ottobot::stores
