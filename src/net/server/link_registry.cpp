#include "net/server/link_registry.hpp"

#include <algorithm>
#include <thread>
#include <vector>

namespace ottobot::net {
namespace {

constexpr std::chrono::milliseconds kLook{10};

}  // namespace

void LinkRegistry::add(std::shared_ptr<Link> link) {
  bool closing = false;
  {
    const std::lock_guard lock(mutex_);
    links_.emplace(link.get(), link);
    closing = closing_;
  }
  ++*total_;
  if (closing) link->shut_down();
}

void LinkRegistry::remove(const Link* link) {
  std::shared_ptr<Link> last;  // may be the last owner: destroyed outside the lock
  const std::lock_guard lock(mutex_);
  const auto found = links_.find(link);
  if (found == links_.end()) return;
  last = std::move(found->second);
  links_.erase(found);
  --*total_;
  if (links_.empty()) empty_.notify_all();
}

bool LinkRegistry::some_link_waits() {
  const std::lock_guard lock(mutex_);
  return std::any_of(links_.begin(), links_.end(), [](const auto& each) { return each.second->waits_for_request(); });
}

bool LinkRegistry::wait_until_none_waits(std::chrono::milliseconds timeout) {
  const auto until = std::chrono::steady_clock::now() + timeout;
  while (some_link_waits()) {
    if (std::chrono::steady_clock::now() >= until) return false;
    std::this_thread::sleep_for(kLook);
  }
  return true;
}

void LinkRegistry::close_all() {
  std::vector<std::shared_ptr<Link>> open;
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
    for (const auto& [key, link] : links_) open.push_back(link);
  }
  for (const auto& link : open) link->shut_down();
  std::unique_lock lock(mutex_);
  empty_.wait(lock, [&] { return links_.empty(); });
}

}  // namespace ottobot::net
