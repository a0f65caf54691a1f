#include "mcp/transports/reply_stream.hpp"

namespace ottobot::mcp {

namespace {

constexpr std::size_t kMaxQueuedBytes = 1 << 20;

std::string event_of(const Json& message) { return "event: message\ndata: " + dump_json(message) + "\n\n"; }

}  // namespace

void ReplyStream::on_message(const Json& message) {
  std::lock_guard lock(mutex_);
  if (finished_) return;
  open();
  if (stream_->queued_bytes() < kMaxQueuedBytes) stream_->send(event_of(message));
}

void ReplyStream::keep_alive() {
  std::lock_guard lock(mutex_);
  if (finished_) return;
  open();
  stream_->send(": keep-alive\n\n");
}

void ReplyStream::finish(int status, net::Headers headers, const Json& response) {
  std::lock_guard lock(mutex_);
  finished_ = true;
  if (!stream_) {
    headers.add("Content-Type", "application/json");
    exchange_.respond({status, std::move(headers), dump_json(response)});
    return;
  }
  stream_->send(event_of(response));
  stream_->finish();
}

void ReplyStream::open() {
  if (stream_) return;
  stream_ = exchange_.start_stream(
      200, {{"Content-Type", "text/event-stream"}, {"Cache-Control", "no-cache"}, {"X-Accel-Buffering", "no"}}, {});
}

}  // namespace ottobot::mcp
