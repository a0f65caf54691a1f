#include "chat/chat_feed.hpp"

#include <sys/eventfd.h>

#include <cerrno>

#include "ottobot/clock.hpp"

namespace ottobot::cli::chat {
namespace {

constexpr std::chrono::milliseconds kFirstPause{100};
constexpr std::chrono::milliseconds kLongestPause{3000};
constexpr std::chrono::seconds kSend{10};
// The error of a failed turn has no seq: it belongs to the frame behind it, which comes at once.
constexpr std::chrono::milliseconds kHoldError{250};

constexpr int kBadCredentials = 4401;
constexpr int kUnknownSession = 4404;
constexpr int kDeletedSession = 4410;

bool may_pass(ErrorCode code) {
  return code == ErrorCode::unavailable || code == ErrorCode::deadline_exceeded || code == ErrorCode::internal;
}

Error closed_error(int code, const std::optional<Json>& last_error) {
  const auto said = last_error ? get_string(*last_error, "error") : std::string();
  const auto message = [&](const char* otherwise) { return said.empty() ? std::string(otherwise) : said; };
  switch (code) {
    case kBadCredentials:
      return unauthenticated(message("the server wants a key"), "set OTTOBOT_API_KEY").value();
    case kUnknownSession:
      return not_found(message("no such session"), "ottobot sessions lists them").value();
    case kDeletedSession:
      return conflict("the session was deleted", "its log and project can still be had: ottobot logs, ottobot download")
          .value();
    default:
      return unavailable("the server closed the connection (" + std::to_string(code) + ")").value();
  }
}

}  // namespace

Result<std::unique_ptr<ChatFeed>> ChatFeed::start(FeedOptions options) {
  net::UniqueFd wake(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!wake) return errno_error("eventfd", errno);
  std::unique_ptr<ChatFeed> feed(new ChatFeed(std::move(options), std::move(wake)));
  feed->thread_ = std::jthread([raw = feed.get()](std::stop_token stop) { raw->run(stop); });
  return feed;
}

ChatFeed::~ChatFeed() {
  thread_.request_stop();
  if (thread_.joinable()) thread_.join();
}

std::vector<News> ChatFeed::take() {
  eventfd_t count = 0;
  (void)::eventfd_read(wake_.get(), &count);
  const std::lock_guard lock(mutex_);
  std::vector<News> all(std::make_move_iterator(news_.begin()), std::make_move_iterator(news_.end()));
  news_.clear();
  return all;
}

Result<void> ChatFeed::send(const Json& frame) {
  std::shared_ptr<net::WebSocketClient> socket;
  {
    const std::lock_guard lock(mutex_);
    socket = socket_;
  }
  if (!socket) return unavailable("not connected");
  return socket->send_text(dump_json(frame), with_timeout(kSend));
}

void ChatFeed::run(std::stop_token stop) {
  const auto ctx = CallContext{}.with_stop(stop);
  auto give_up = std::chrono::steady_clock::now() + options_.patience;
  for (auto pause = kFirstPause; !stop.stop_requested(); pause = std::min(pause * 2, kLongestPause)) {
    auto socket = connect(ctx);
    Error error;
    if (socket) {
      set_socket(*socket);
      post({News::Kind::connected, {}, {}});
      error = receive_all(**socket, ctx);
      set_socket(nullptr);
      if (stop.stop_requested()) (*socket)->close(1000);
      give_up = std::chrono::steady_clock::now() + options_.patience;
      pause = kFirstPause;
    } else {
      error = socket.error();
    }
    if (stop.stop_requested()) return;
    const bool over = !may_pass(error.code) || std::chrono::steady_clock::now() >= give_up;
    post({over ? News::Kind::ended : News::Kind::lost, {}, std::move(error)});
    if (over) return;
    if (auto paused = system_clock().sleep_for(pause, ctx); !paused) return;
  }
}

Result<std::shared_ptr<net::WebSocketClient>> ChatFeed::connect(const CallContext& ctx) const {
  net::WebSocketRequest request;
  request.url = options_.url + "/session/" + options_.session_id + "/chat?deltas=" + (options_.with_deltas ? "1" : "0");
  if (after_) request.url += "&after=" + std::to_string(*after_);
  request.ca_file = options_.ca_file;
  if (!options_.api_key.empty()) request.headers.set("Authorization", "Bearer " + options_.api_key);
  auto socket = net::connect_websocket(request, ctx);
  if (!socket) return fail(socket.error());
  return std::shared_ptr<net::WebSocketClient>(std::move(*socket));
}

Error ChatFeed::receive_all(net::WebSocketClient& socket, const CallContext& ctx) {
  for (;;) {
    auto message = socket.receive(held_error_ ? ctx.within(kHoldError) : ctx);
    if (!message && held_error_ && message.error().code == ErrorCode::deadline_exceeded) {
      release_held_error();
      continue;
    }
    const bool closed = message && message->kind == net::WebSocketMessage::Kind::closed;
    if (!message || closed) {
      const auto last_error = std::exchange(held_error_, std::nullopt);
      return closed ? closed_error(message->close_code, last_error) : message.error();
    }
    if (auto frame = parse_json(message->payload)) take_frame(std::move(*frame));
  }
}

void ChatFeed::take_frame(Json frame) {
  release_held_error();
  const Seq seq = get_int(frame, "seq");
  if (seq == 0 && get_string(frame, "type") == "error") {
    held_error_ = std::move(frame);
    return;
  }
  if (const Json* told = find_member(frame, "metadata"); seq == 0 && told && told->contains("last_seq")) {
    // The greeting. Its server's machine lost power when that is less than what was seen.
    if (after_) after_ = std::min(*after_, get_int(*told, "last_seq"));
  }
  if (seq != 0) {
    if (seq <= after_.value_or(0)) return;
    after_ = seq;
  }
  post({News::Kind::frame, std::move(frame), {}});
}

void ChatFeed::release_held_error() {
  if (auto held = std::exchange(held_error_, std::nullopt)) post({News::Kind::frame, std::move(*held), {}});
}

void ChatFeed::post(News news) {
  {
    const std::lock_guard lock(mutex_);
    news_.push_back(std::move(news));
  }
  ::eventfd_write(wake_.get(), 1);
}

void ChatFeed::set_socket(std::shared_ptr<net::WebSocketClient> socket) {
  const std::lock_guard lock(mutex_);
  socket_ = std::move(socket);
}

}  // namespace ottobot::cli::chat
