// UserTurns: one at a time for each user. Thread-safe; turns must not outlive it.
#pragma once

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <set>
#include <string>

namespace ottobot::api {

class UserTurns {
 public:
  // Until destroyed. Empty for whoever needs none.
  using Turn = std::shared_ptr<void>;

  // Empty when the one before takes longer than `patience`.
  Turn take(const std::string& user, std::chrono::milliseconds patience) {
    std::unique_lock lock(mutex_);
    if (!changed_.wait_for(lock, patience, [&] { return taken_.count(user) == 0; })) return {};
    taken_.insert(user);
    return Turn(this, [user](UserTurns* owner) { owner->give_back(user); });
  }

 private:
  void give_back(const std::string& user) {
    std::lock_guard lock(mutex_);
    taken_.erase(user);
    changed_.notify_all();
  }

  std::mutex mutex_;  // guards taken_
  std::condition_variable changed_;
  std::set<std::string> taken_;
};

}  // namespace ottobot::api
