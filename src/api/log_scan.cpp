#include "api/log_scan.hpp"

#include <algorithm>
#include <deque>
#include <iterator>

namespace ottobot::api {
namespace {

// Those of (after, until] that `wanted` accepts.
Result<std::vector<Event>> wanted_between(SessionStore& store, const std::string& session_id, Seq after, Seq until,
                                          const std::function<bool(const Event&)>& wanted, const CallContext& ctx) {
  std::vector<Event> found;
  while (after < until) {
    ReadParams params{session_id, after};
    params.limit = std::min<std::size_t>(params.limit, static_cast<std::size_t>(until - after));
    auto events = store.read(params, ctx);
    if (!events) return fail(events.error());
    if (events->empty()) break;
    after = events->back().seq;
    std::copy_if(std::make_move_iterator(events->begin()), std::make_move_iterator(events->end()),
                 std::back_inserter(found), wanted);
  }
  return found;
}

}  // namespace

Result<std::vector<Event>> find_last_events(SessionStore& store, const std::string& session_id, Seq last_seq,
                                            std::size_t count, const std::function<bool(const Event&)>& wanted,
                                            const CallContext& ctx) {
  std::deque<Event> found;
  Seq window = static_cast<Seq>(count) * 2;
  for (Seq until = last_seq; until > 0 && found.size() < count; window *= 2) {
    const Seq after = std::max<Seq>(0, until - window);
    auto part = wanted_between(store, session_id, after, until, wanted, ctx);
    if (!part) return fail(part.error());
    found.insert(found.begin(), std::make_move_iterator(part->begin()), std::make_move_iterator(part->end()));
    until = after;
  }
  const auto surplus = static_cast<std::ptrdiff_t>(found.size() - std::min(found.size(), count));
  return std::vector<Event>(std::make_move_iterator(found.begin() + surplus), std::make_move_iterator(found.end()));
}

}  // namespace ottobot::api
