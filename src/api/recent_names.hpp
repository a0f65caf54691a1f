// A set of names that forgets those that were not seen for longest. Thread-safe.
#pragma once

#include <list>
#include <mutex>
#include <string>
#include <unordered_map>

namespace ottobot::api {

class RecentNames {
 public:
  explicit RecentNames(std::size_t max_names) : max_names_(max_names) {}

  void add(const std::string& name) {
    std::lock_guard lock(mutex_);
    const auto known = places_.find(name);
    if (known != places_.end()) return names_.splice(names_.begin(), names_, known->second);
    names_.push_front(name);
    places_.emplace(name, names_.begin());
    if (names_.size() <= max_names_) return;
    places_.erase(names_.back());
    names_.pop_back();
  }
  void remove(const std::string& name) {
    std::lock_guard lock(mutex_);
    const auto known = places_.find(name);
    if (known == places_.end()) return;
    names_.erase(known->second);
    places_.erase(known);
  }
  bool has(const std::string& name) const {
    std::lock_guard lock(mutex_);
    return places_.contains(name);
  }

 private:
  const std::size_t max_names_;
  mutable std::mutex mutex_;      // guards the members below
  std::list<std::string> names_;  // the one seen last is in front
  std::unordered_map<std::string, std::list<std::string>::iterator> places_;
};

}  // namespace ottobot::api
