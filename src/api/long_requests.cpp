#include "api/long_requests.hpp"

#include "api/errors.hpp"

namespace ottobot::api {

std::optional<LongRequests::Slot> LongRequests::enter(Request& request, const std::string& session_id) {
  switch (take(session_id)) {
    case Room::yes:
      return Slot(*this, session_id);
    case Room::not_for_session:
      request.exchange().respond(
          error_response(429, std::string("too many ") + limits_.what + " of this session at the same time",
                         "wait until one has ended"));
      return std::nullopt;
    case Room::not_at_all:
      request.exchange().respond(
          error_response(503, std::string("too many ") + limits_.what + " at the same time", "try again"));
      return std::nullopt;
  }
  return std::nullopt;
}

LongRequests::Room LongRequests::take(const std::string& session_id) {
  std::lock_guard lock(mutex_);
  if (all_ >= limits_.all) return Room::not_at_all;
  int& of_session = by_session_[session_id];
  if (of_session >= limits_.per_session) return Room::not_for_session;
  ++of_session;
  ++all_;
  return Room::yes;
}

void LongRequests::leave(const std::string& session_id) {
  std::lock_guard lock(mutex_);
  --all_;
  const auto found = by_session_.find(session_id);
  if (found != by_session_.end() && --found->second == 0) by_session_.erase(found);
}

}  // namespace ottobot::api
