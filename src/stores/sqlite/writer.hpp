// All writes, in transactions that concurrent writers share: one of them commits for those who wait meanwhile, so that
// many sessions cost one fsync. Thread-safe.
//
// A write is on the disk when it is acknowledged, or, when it may be Sync::soon, within kSyncDelay.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "ottobot/call_context.hpp"
#include "stores/sqlite/connection.hpp"

namespace ottobot::stores {

enum class Sync { now, soon };

class Writer {
 public:
  static constexpr std::chrono::milliseconds kSyncDelay{1000};

  explicit Writer(std::unique_ptr<Connection> connection);
  ~Writer();

  // Runs `body(connection)` in a transaction and returns its Result once that is committed; a failed body leaves no
  // trace. Bodies run one after the other, perhaps on the thread of another caller. ctx ends the wait for a turn, not a
  // body that has begun. Errors of its own: those of the database (see current_database_error), of ctx.
  template <class Body>
  auto write(const CallContext& ctx, const Body& body, Sync sync = Sync::now)
      -> std::invoke_result_t<Body, Connection&> {
    std::optional<std::invoke_result_t<Body, Connection&>> result;
    const Operation operation = [&](Connection& connection) -> Result<void> {
      result = body(connection);
      if (!*result) return fail(result->error());
      return {};
    };
    const auto committed = run(ctx, operation, sync);
    if (!committed) return fail(committed.error());
    return std::move(*result);
  }

  // True while the newest transaction was lost, for lack of room or a disk that does not work.
  bool has_failed() const { return failed_; }

 private:
  using Operation = std::function<Result<void>(Connection&)>;
  enum class State { waiting, running, done };
  struct Task {
    const Operation& operation;
    Sync sync;
    State state = State::waiting;
    Result<void> outcome = {};
    std::condition_variable_any wake = {};
  };

  Result<void> run(const CallContext& ctx, const Operation& operation, Sync sync);
  bool wait(Task& task, std::unique_lock<std::mutex>& lock, const CallContext& ctx);
  void lead(std::unique_lock<std::mutex>& lock);
  void wake_next();
  void run_batch(const std::vector<Task*>& batch);
  void run_task(Task& task, bool alone);
  void sync_later();

  std::mutex mutex_;  // guards waiting_, leading_, unsynced_, stopping_ and the state of tasks
  std::vector<Task*> waiting_;
  bool leading_ = false;
  bool unsynced_ = false;
  std::atomic<bool> failed_{false};
  bool stopping_ = false;
  std::condition_variable changed_;         // of unsynced_ or stopping_
  std::unique_ptr<Connection> connection_;  // used by the leading thread only
  bool dirty_ = false;                      // as connection_: committed and not synced
  std::thread syncer_;
};

}  // namespace ottobot::stores
