#include "stores/sqlite/writer.hpp"

#include <algorithm>

namespace ottobot::stores {

Writer::Writer(std::unique_ptr<Connection> connection)
    : connection_(std::move(connection)), syncer_([this] { sync_later(); }) {}

Writer::~Writer() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  syncer_.join();
}

// The thread that puts on the disk what was committed without.
void Writer::sync_later() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return unsynced_ || stopping_; });
    changed_.wait_for(lock, kSyncDelay, [this] { return stopping_; });
    if (!unsynced_) {
      if (stopping_) return;
      continue;
    }
    lock.unlock();
    // An error means another try a second later; meanwhile whoever wants to be sure gets it.
    (void)run(
        {}, [](Connection&) { return Result<void>(); }, Sync::now);
    lock.lock();
    if (stopping_) return;
  }
}

Result<void> Writer::run(const CallContext& ctx, const Operation& operation, Sync sync) {
  if (auto running = ctx.check(); !running) return running;
  Task task{operation, sync};
  std::unique_lock lock(mutex_);
  waiting_.push_back(&task);
  while (task.state != State::done) {
    if (!leading_) {
      lead(lock);
    } else if (!wait(task, lock, ctx)) {
      std::erase(waiting_, &task);
      wake_next();
      return ctx.stop.stop_requested() ? cancelled() : deadline_exceeded();
    }
  }
  return std::move(task.outcome);
}

// False when ctx ended before the task's turn.
bool Writer::wait(Task& task, std::unique_lock<std::mutex>& lock, const CallContext& ctx) {
  task.wake.wait_until(lock, ctx.stop, ctx.deadline, [&] { return task.state != State::waiting || !leading_; });
  if (task.state == State::running) task.wake.wait(lock, [&] { return task.state == State::done; });
  return task.state == State::done || !leading_;
}

void Writer::lead(std::unique_lock<std::mutex>& lock) {
  leading_ = true;
  const std::vector<Task*> batch = std::exchange(waiting_, {});
  for (Task* task : batch) task->state = State::running;
  lock.unlock();
  run_batch(batch);
  lock.lock();
  leading_ = false;
  if (dirty_ && !unsynced_) changed_.notify_one();
  unsynced_ = dirty_;
  for (Task* task : batch) {
    task->state = State::done;
    task->wake.notify_one();
  }
  wake_next();
}

void Writer::wake_next() {
  if (!leading_ && !waiting_.empty()) waiting_.front()->wake.notify_one();
}

void Writer::run_batch(const std::vector<Task*>& batch) {
  try {
    connection_->query("BEGIN IMMEDIATE").run();
    for (Task* task : batch) run_task(*task, batch.size() == 1);
    const bool any =
        std::any_of(batch.begin(), batch.end(), [](const Task* task) { return task->outcome.has_value(); });
    connection_->query(any ? "COMMIT" : "ROLLBACK").run();
    dirty_ = dirty_ || any;
    // Also for one that changed nothing: what it has seen may be on its way yet.
    const bool now = std::any_of(batch.begin(), batch.end(),
                                 [](const Task* task) { return task->outcome && task->sync == Sync::now; });
    if (dirty_ && now) {
      connection_->sync_log();
      dirty_ = false;
    }
    failed_ = false;
  } catch (...) {
    const Error error = current_database_error();
    failed_ = true;
    for (Task* task : batch) {
      if (task->outcome) task->outcome = fail(error);
    }
    try {
      if (connection_->in_transaction()) connection_->query("ROLLBACK").run();
    } catch (...) {
      // SQLite has rolled back by itself, or the next BEGIN reports what is wrong.
    }
  }
}

// Throws when the whole transaction is lost.
void Writer::run_task(Task& task, bool alone) {
  if (!alone) connection_->query("SAVEPOINT task").run();
  try {
    task.outcome = task.operation(*connection_);
  } catch (...) {
    task.outcome = fail(current_database_error());
    if (!connection_->in_transaction()) throw;
  }
  if (alone) return;
  if (!task.outcome) connection_->query("ROLLBACK TO task").run();
  connection_->query("RELEASE task").run();
}

}  // namespace ottobot::stores
