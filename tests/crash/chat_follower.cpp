#include "crash/chat_follower.hpp"

#include "api/socket_client.hpp"

namespace ottobot::crash {
namespace {

constexpr std::chrono::milliseconds kSilence{500};  // then it connects anew, in case that nobody is there any more
constexpr std::chrono::milliseconds kPause{10};

}  // namespace

ChatFollower::ChatFollower(std::string session_id, int port)
    : session_id_(std::move(session_id)), port_(port), thread_([this](const std::stop_token& stop) { run(stop); }) {}

ChatFollower::~ChatFollower() = default;

ChatFollower::Seen ChatFollower::seen() const {
  std::lock_guard lock(mutex_);
  return seen_;
}

bool ChatFollower::wait_until(const Condition& holds, std::chrono::milliseconds timeout) const {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, timeout, [&] { return holds(seen_); });
}

void ChatFollower::run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    listen(stop);
    std::this_thread::sleep_for(kPause);
  }
}

void ChatFollower::listen(const std::stop_token& stop) {
  const auto before = seen().seqs;
  const std::string after = std::to_string(before.empty() ? 0 : before.back());
  api::test::SocketClient socket(port_, "/session/" + session_id_ + "/chat?after=" + after);
  if (!socket.accepted()) return;
  {
    std::lock_guard lock(mutex_);
    ++seen_.connections;
  }
  while (!stop.stop_requested()) {
    const Json frame = socket.next_json(kSilence);
    if (frame.is_null()) return;
    if (frame.contains("seq")) take(frame);
  }
}

void ChatFollower::take(const Json& frame) {
  std::lock_guard lock(mutex_);
  seen_.seqs.push_back(get_int(frame, "seq"));
  if (integration::ends_a_turn(frame)) ++seen_.turns;
  changed_.notify_all();
}

}  // namespace ottobot::crash
