// A server that says what a test wants it to, when no real one can be brought to.
#pragma once

#include <atomic>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "net/unique_fd.hpp"
#include "redis/reply.hpp"
#include "redis/socket.hpp"

namespace ottobot::testing {

class FakeRedis {
 public:
  // Sends bytes; false when the client has left. May be called often, and with a part of an answer.
  using Say = std::function<bool(std::string_view bytes)>;
  // Called with each command, by a thread for each connection.
  using Answer = std::function<void(const redis::ReplyView& command, const Say& say)>;

  // Without an `answer`, it accepts connections and is silent.
  explicit FakeRedis(Answer answer = {});
  ~FakeRedis();

  redis::Address address() const { return {"127.0.0.1", port_, {}}; }
  RedisOptions options() const;
  int connections() const { return connections_; }

 private:
  void accept_all();
  void serve(int client);

  const Answer answer_;
  int port_ = 0;
  net::UniqueFd listener_;
  std::atomic<bool> stopping_{false};
  std::atomic<int> connections_{0};
  std::mutex mutex_;  // guards the two
  std::vector<std::thread> threads_;
  std::vector<int> open_;
  std::thread accepting_;
};

// What CLUSTER SLOTS says of a cluster in which each node has an equal share, in this order.
std::string slots_answer(const std::vector<redis::Address>& nodes);

}  // namespace ottobot::testing
