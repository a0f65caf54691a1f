// LongRequests: bounds those requests that hold something for as long as a sandbox or a client takes: downloads,
// uploads and relayed tool calls a handler thread, chats and event streams a connection. Some are left for everything
// else, and no session has more than its share.
//
// Thread-safe. Slots must not outlive it.
#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "api/router.hpp"

namespace ottobot::api {

struct LongRequestLimits {
  int per_session = 16;
  int all = 48;                                   // of the server's handler threads, or connections
  const char* what = "transfers and tool calls";  // as the refusal calls them
};

class LongRequests {
 public:
  explicit LongRequests(LongRequestLimits limits) : limits_(limits) {}

  // Room for one request, until destroyed.
  class Slot {
   public:
    Slot(LongRequests& owner, std::string session_id) : owner_(&owner), session_id_(std::move(session_id)) {}
    Slot(Slot&& other) noexcept
        : owner_(std::exchange(other.owner_, nullptr)), session_id_(std::move(other.session_id_)) {}
    Slot& operator=(Slot&&) = delete;
    ~Slot() {
      if (owner_ != nullptr) owner_->leave(session_id_);
    }

   private:
    LongRequests* owner_;
    std::string session_id_;
  };

  // nullopt = there is none, and the request has been answered: 429 (the session's share is used up) or 503.
  std::optional<Slot> enter(Request& request, const std::string& session_id);

 private:
  enum class Room { yes, not_for_session, not_at_all };
  Room take(const std::string& session_id);
  void leave(const std::string& session_id);

  const LongRequestLimits limits_;
  std::mutex mutex_;  // guards the members below
  std::map<std::string, int> by_session_;
  int all_ = 0;
};

}  // namespace ottobot::api
