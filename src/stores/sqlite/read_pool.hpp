// A few read-only connections: readers wait neither for the writer nor, up to kConnections, for each other.
// Thread-safe.
#pragma once

#include <condition_variable>
#include <mutex>
#include <vector>

#include "ottobot/call_context.hpp"
#include "stores/sqlite/connection.hpp"

namespace ottobot::stores {

class ReadPool {
 public:
  explicit ReadPool(std::filesystem::path file) : file_(std::move(file)) {}

  // Runs `body(connection)`. Errors of its own: those of the database (see current_database_error), of ctx.
  template <class Body>
  auto read(const CallContext& ctx, const Body& body) -> std::invoke_result_t<Body, Connection&> {
    auto connection = take(ctx);
    if (!connection) return fail(connection.error());
    try {
      auto result = body(**connection);
      give_back(std::move(*connection));
      return result;
    } catch (...) {
      give_back(std::move(*connection));
      return fail(current_database_error());
    }
  }

  static constexpr int kConnections = 4;

 private:
  Result<std::unique_ptr<Connection>> take(const CallContext& ctx);
  Result<std::unique_ptr<Connection>> open();
  void give_back(std::unique_ptr<Connection> connection);

  const std::filesystem::path file_;
  std::mutex mutex_;  // guards free_ and opened_
  std::condition_variable_any freed_;
  std::vector<std::unique_ptr<Connection>> free_;
  int opened_ = 0;
};

}  // namespace ottobot::stores
