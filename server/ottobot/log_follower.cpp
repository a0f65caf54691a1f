#include "log_follower.hpp"

#include "mcp/sse.hpp"
#include "ottobot/clock.hpp"
#include "ottobot/session/log_lines.hpp"

namespace ottobot::cli {
namespace {

constexpr std::chrono::seconds kCall{30};
constexpr std::chrono::seconds kPatience{60};
constexpr std::chrono::milliseconds kPause{500};
constexpr std::chrono::seconds kSilence{45};  // the server sends a comment every 15 s
constexpr std::size_t kMaxEventBytes = 32 << 20;

std::optional<Json> line_of(const Json& json) {
  const auto type = parse_event_type(get_string(json, "type"));
  const Json* data = find_member(json, "data");
  if (!type || data == nullptr) return std::nullopt;
  return log_line({get_int(json, "seq"), get_string(json, "id"), *type, get_int(json, "timestamp"), *data, nullptr});
}

}  // namespace

class LogFollower::Sink final : public net::ResponseSink {
 public:
  Sink(LogFollower& follower, const std::function<void(const Json&)>& on_line)
      : follower_(follower), on_line_(on_line) {}

  Result<void> on_head(int status, const net::Headers&) override {
    status_ = status;
    return {};
  }
  Result<void> on_body(std::string_view bytes) override {
    if (status_ != 200) {
      refusal_.append(bytes.substr(0, 4096));
      return {};
    }
    auto events = parser_.feed(bytes);
    if (!events) return fail(events.error());
    for (const auto& event : *events) {
      const auto json = parse_json(event.data);
      if (!json || !follower_.take(*json)) continue;
      if (const auto line = line_of(*json)) on_line_(*line);
    }
    return {};
  }
  Result<void> outcome() const {
    if (status_ == 200) return {};
    return fail(refusal(status_, refusal_));
  }

 private:
  LogFollower& follower_;
  const std::function<void(const Json&)>& on_line_;
  mcp::SseParser parser_{kMaxEventBytes};
  int status_ = 0;
  std::string refusal_;
};

// False for one that was there before.
bool LogFollower::take(const Json& event) {
  const auto seq = get_int(event, "seq");
  if (seq <= after_) return false;
  after_ = seq;
  return true;
}

Result<std::deque<Json>> LogFollower::last_lines(std::size_t count, const CallContext& ctx) {
  std::deque<Json> lines;
  for (;;) {
    auto page = client_.get("/session/" + session_id_ + "/events?limit=1000&after=" + std::to_string(after_),
                            ctx.within(kCall));
    if (!page) return fail(page.error());
    const Json* events = find_member(*page, "events");
    if (events == nullptr || !events->is_array()) return internal_error("the server's answer has no events");
    if (events->empty()) return lines;
    for (const Json& event : *events) {
      if (!take(event)) continue;
      if (auto line = line_of(event)) lines.push_back(std::move(*line));
      if (lines.size() > count) lines.pop_front();
    }
  }
}

Result<bool> LogFollower::is_over(const CallContext& ctx) const {
  auto session = client_.get("/session/" + session_id_, ctx.within(kCall));
  if (!session) return fail(session.error());
  return get_string(*session, "status") == "terminated" && get_string(*session, "phase") != phase::kExpired &&
         get_int(*session, "last_seq") <= after_;
}

Result<void> LogFollower::follow(const std::function<void(const Json& line)>& on_line, const CallContext& ctx) {
  auto give_up = std::chrono::steady_clock::now() + kPatience;
  for (;;) {
    const Seq before = after_;
    Sink sink(*this, on_line);
    auto request = client_.request("GET", "/session/" + session_id_ + "/events?after=" + std::to_string(after_));
    request.headers.set("Accept", "text/event-stream");
    request.idle_timeout = kSilence;
    auto streamed = client_.stream(request, sink, ctx);
    if (streamed) streamed = sink.outcome();
    if (streamed) {
      auto over = is_over(ctx);
      if (over && *over) return {};
    } else if (streamed.error().code != ErrorCode::unavailable &&
               streamed.error().code != ErrorCode::deadline_exceeded) {
      return streamed;
    }
    const auto now = std::chrono::steady_clock::now();
    if (streamed || after_ > before) give_up = now + kPatience;
    if (now >= give_up) return fail(explain_unreachable(streamed.error(), client_.url()));
    if (auto paused = system_clock().sleep_for(kPause, ctx); !paused) return paused;
  }
}

}  // namespace ottobot::cli
