// All writes, in transactions that concurrent writers share: one of them commits for those who wait meanwhile, so that
// many sessions cost one fsync. Thread-safe.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <vector>

#include "ottobot/call_context.hpp"
#include "stores/sqlite/connection.hpp"

namespace ottobot::stores {

class Writer {
 public:
  explicit Writer(std::unique_ptr<Connection> connection) : connection_(std::move(connection)) {}

  // Runs `body(connection)` in a transaction and returns its Result once that is on disk; a failed body leaves no
  // trace. Bodies run one after the other, perhaps on the thread of another caller. ctx ends the wait for a turn, not a
  // body that has begun. Errors of its own: those of the database (see current_database_error), of ctx.
  template <class Body>
  auto write(const CallContext& ctx, const Body& body) -> std::invoke_result_t<Body, Connection&> {
    std::optional<std::invoke_result_t<Body, Connection&>> result;
    const auto committed = run(ctx, [&](Connection& connection) -> Result<void> {
      result = body(connection);
      if (!*result) return fail(result->error());
      return {};
    });
    if (!committed) return fail(committed.error());
    return std::move(*result);
  }

 private:
  using Operation = std::function<Result<void>(Connection&)>;
  enum class State { waiting, running, done };
  struct Task {
    const Operation& operation;
    State state = State::waiting;
    Result<void> outcome = {};
    std::condition_variable_any wake = {};
  };

  Result<void> run(const CallContext& ctx, const Operation& operation);
  bool wait(Task& task, std::unique_lock<std::mutex>& lock, const CallContext& ctx);
  void lead(std::unique_lock<std::mutex>& lock);
  void wake_next();
  void run_batch(const std::vector<Task*>& batch);
  void run_task(Task& task, bool alone);

  std::mutex mutex_;  // guards waiting_, leading_ and the state of tasks
  std::vector<Task*> waiting_;
  bool leading_ = false;
  std::unique_ptr<Connection> connection_;  // used by the leading thread only
};

}  // namespace ottobot::stores
