// The open connections of one listener, whatever protocol they speak by now.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>

#include "net/server/stream.hpp"

namespace ottobot::net {

class Link {
 public:
  virtual ~Link() = default;
  // Any thread: close as soon as possible and leave the registry.
  virtual void shut_down() = 0;
  // Any thread: whether its peer may send a request at any moment.
  virtual bool waits_for_request() const { return false; }
};

// A link that takes a socket over from HTTP after 101.
class UpgradedLink : public Link {
 public:
  // Loop thread. `early_bytes` came right behind the request.
  virtual void start(Stream stream, std::string early_bytes) = 0;
};

class LinkRegistry {
 public:
  explicit LinkRegistry(std::shared_ptr<std::atomic<std::size_t>> server_total) : total_(std::move(server_total)) {}

  // A link that comes while everything closes is told so at once.
  void add(std::shared_ptr<Link> link);
  void remove(const Link* link);
  // Blocks until every link has left. Not from an I/O thread.
  void close_all();
  // From now on each connection ends with its next answer.
  void drain() { draining_ = true; }
  bool draining() const { return draining_; }
  // False when one still does after `timeout`.
  bool wait_until_none_waits(std::chrono::milliseconds timeout);
  std::size_t server_total() const { return *total_; }

 private:
  bool some_link_waits();

  std::mutex mutex_;  // guards links_, closing_
  std::condition_variable empty_;
  std::unordered_map<const Link*, std::shared_ptr<Link>> links_;
  bool closing_ = false;
  std::atomic<bool> draining_{false};
  std::shared_ptr<std::atomic<std::size_t>> total_;
};

}  // namespace ottobot::net
