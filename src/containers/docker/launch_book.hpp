// The launches that are under way, so that a remove need not wait for what it undoes.
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <stop_token>
#include <string>

#include "ottobot/call_context.hpp"

namespace ottobot::containers {

class LaunchBook {
 public:
  // One launch: its context ends with the caller's, and when it is cancelled by name.
  class Entry {
   public:
    Entry(LaunchBook& book, const std::string& name, const CallContext& ctx)
        : book_(book), passes_on_(ctx.stop, [this] { source_.request_stop(); }) {
      ctx_ = ctx.with_stop(source_.get_token());
      std::lock_guard lock(book_.mutex_);
      at_ = book_.launches_.emplace(name, source_);
    }
    ~Entry() {
      std::lock_guard lock(book_.mutex_);
      book_.launches_.erase(at_);
    }
    Entry(const Entry&) = delete;
    Entry& operator=(const Entry&) = delete;
    const CallContext& ctx() const { return ctx_; }

   private:
    LaunchBook& book_;
    std::stop_source source_;
    CallContext ctx_;
    std::multimap<std::string, std::stop_source>::iterator at_;
    std::stop_callback<std::function<void()>> passes_on_;
  };

  void cancel(const std::string& name) {
    std::lock_guard lock(mutex_);
    const auto [begin, end] = launches_.equal_range(name);
    for (auto at = begin; at != end; ++at) at->second.request_stop();
  }

 private:
  std::mutex mutex_;
  std::multimap<std::string, std::stop_source> launches_;  // guarded by mutex_
};

}  // namespace ottobot::containers
