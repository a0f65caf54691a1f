// A chat client that stays with a session through every death of its server: it comes back with the last seq it saw.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

#include "integration/chat_view.hpp"

namespace ottobot::crash {

class ChatFollower {
 public:
  ChatFollower(std::string session_id, int port);
  // Leaves the chat.
  ~ChatFollower();
  ChatFollower(const ChatFollower&) = delete;
  ChatFollower& operator=(const ChatFollower&) = delete;

  // Where the server listens from now on.
  void move_to(int port) { port_ = port; }

  struct Seen {
    integration::Seqs seqs;  // of all frames that have one
    int turns = 0;           // ended ones
    int connections = 0;
  };
  Seen seen() const;
  using Condition = std::function<bool(const Seen&)>;
  // False when time is over.
  bool wait_until(const Condition& holds, std::chrono::milliseconds timeout) const;

 private:
  void run(const std::stop_token& stop);
  void listen(const std::stop_token& stop);
  void take(const Json& frame);

  const std::string session_id_;
  std::atomic<int> port_;
  mutable std::mutex mutex_;  // guards seen_
  mutable std::condition_variable changed_;
  Seen seen_;
  std::jthread thread_;
};

}  // namespace ottobot::crash
