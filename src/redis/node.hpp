// One server: its connection, made when it is needed, and again when it broke. Thread-safe.
//
// While it cannot be reached, whoever asks is told so at once; it is tried again after a pause that grows from
// kFirstPause to kLongestPause.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>

#include "redis/connection.hpp"

namespace ottobot::redis {

class Node {
 public:
  // `options` are borrowed.
  Node(Address address, const RedisOptions& options) : address_(std::move(address)), options_(options) {}

  // Errors: those of Connection::open().
  Result<std::shared_ptr<Connection>> connection(const CallContext& ctx);
  // nullptr when there is none that works just now. Does not block.
  std::shared_ptr<Connection> connection_if_any();

  static constexpr std::chrono::milliseconds kFirstPause{50};
  static constexpr std::chrono::milliseconds kLongestPause{1000};

 private:
  using Lock = std::unique_lock<std::mutex>;

  Result<std::shared_ptr<Connection>> connect(Lock& lock, const CallContext& ctx);

  const Address address_;
  const RedisOptions& options_;
  std::mutex mutex_;  // guards the rest
  std::condition_variable_any connected_;
  bool connecting_ = false;
  std::shared_ptr<Connection> connection_;
  Error problem_;  // of the last try
  SteadyTime retry_at_{};
  std::chrono::milliseconds pause_ = kFirstPause;
};

}  // namespace ottobot::redis
