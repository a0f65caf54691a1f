#include "net/server/websocket_connection.hpp"

#include "net/server/linger.hpp"

namespace ottobot::net {

namespace {

constexpr std::size_t kMaxUnsentOfBridge = 256 << 10;
constexpr std::chrono::seconds kCloseWait{2};
constexpr int kGoingAway = 1001;
constexpr int kAbnormalClosure = 1006;
constexpr int kTryAgainLater = 1013;

}  // namespace

WebSocketConnection::WebSocketConnection(std::shared_ptr<IoLoop> loop, std::shared_ptr<LinkRegistry> links,
                                         const WebSocketOptions& options, std::shared_ptr<WebSocketObserver> observer)
    : loop_(std::move(loop)),
      links_(std::move(links)),
      max_queued_bytes_(options.max_queued_bytes),
      ping_interval_(options.ping_interval),
      observer_(std::move(observer)),
      decoder_(WebSocketSide::server, options.max_message_bytes),
      deadline_(loop_->context()) {}

void WebSocketConnection::send_text(std::string payload) { send(WebSocketOpcode::text, payload); }

void WebSocketConnection::send_binary(std::string payload) { send(WebSocketOpcode::binary, payload); }

void WebSocketConnection::send(WebSocketOpcode opcode, const std::string& payload) {
  if (!accepting_) return;
  queue(opcode, payload);
  if (out_.size() > max_queued_bytes_) close(kTryAgainLater, "too slow");
}

void WebSocketConnection::queue(WebSocketOpcode opcode, const std::string& payload) {
  if (out_.push(encode_websocket_frame(opcode, payload)) != SendQueue::Pushed::queued_needs_flush) return;
  loop_->post([self = shared_from_this()] { self->flush(); });
}

void WebSocketConnection::pause_reading() { paused_ = true; }

void WebSocketConnection::resume_reading() {
  if (!paused_.exchange(false)) return;
  loop_->post([self = shared_from_this()] {
    if (self->state_ == State::done || !self->stream_) return;
    self->heard_at_ = std::chrono::steady_clock::now();
    std::string input = std::exchange(self->input_, {});
    self->consume(input.data(), input.size());
    self->want_read();
  });
}

void WebSocketConnection::close(int code, std::string reason) {
  if (!accepting_.exchange(false)) return;
  loop_->dispatch([self = shared_from_this(), code, reason = std::move(reason)]() mutable {
    self->begin_close(code, std::move(reason));
  });
}

void WebSocketConnection::bridge(Upstream upstream, std::unique_ptr<ByteFilter> filter) {
  loop_->dispatch([self = shared_from_this(), upstream = std::move(upstream), filter = std::move(filter)]() mutable {
    self->begin_bridge(std::move(upstream), std::move(filter));
  });
}

void WebSocketConnection::shut_down() {
  loop_->post([self = shared_from_this()] {
    if (self->state_ == State::done) return;
    self->accepting_ = false;
    if (!self->stream_) return self->finish(kAbnormalClosure);
    if (self->state_ == State::open) {
      self->out_.push(
          encode_websocket_frame(WebSocketOpcode::close, encode_close_payload(kGoingAway, "shutting down")));
    }
    std::size_t sent = 0;
    self->out_.flush(*self->stream_, sent);
    self->finish(kGoingAway);
  });
}

void WebSocketConnection::start(Stream stream, std::string early_bytes) {
  if (state_ == State::done) return release();
  stream_.emplace(std::move(stream));
  heard_at_ = std::chrono::steady_clock::now();
  expect_within(state_ == State::open ? ping_interval_ : kCloseWait);
  if (pump_) pump_->start();
  flush();
  consume(early_bytes.data(), early_bytes.size());
  want_read();
}

void WebSocketConnection::want_read() {
  if (reading_ || paused_ || !stream_ || state_ == State::ending || state_ == State::done) return;
  if (pump_ && pump_->congested()) return;
  reading_ = true;
  stream_->wait_readable([self = shared_from_this()] { self->on_readable(); });
}

void WebSocketConnection::on_readable() {
  reading_ = false;
  if (state_ == State::ending || state_ == State::done || paused_) return;
  const IoCount result = stream_->read_some(loop_->buffer());
  if (result.status == IoCount::Status::end || result.status == IoCount::Status::failed) {
    return finish(state_ == State::open ? kAbnormalClosure : close_code_);
  }
  heard_at_ = std::chrono::steady_clock::now();
  consume(loop_->buffer().data(), result.bytes);
  want_read();
}

void WebSocketConnection::consume(char* bytes, std::size_t size) {
  WebSocketEvent event;
  while (size > 0 && !paused_ && (state_ == State::open || state_ == State::closing)) {
    const std::size_t taken = decoder_.decode(bytes, size, event);
    bytes += taken;
    size -= taken;
    handle(std::move(event));
  }
  if (paused_) input_.append(bytes, size);
}

void WebSocketConnection::handle(WebSocketEvent event) {
  switch (event.kind) {
    case WebSocketEvent::Kind::text:
    case WebSocketEvent::Kind::binary:
      return on_message(std::move(event));
    case WebSocketEvent::Kind::ping:
      return queue(WebSocketOpcode::pong, event.payload);
    case WebSocketEvent::Kind::close:
      return on_peer_close(event.code);
    case WebSocketEvent::Kind::violation:
      accepting_ = false;
      queue(WebSocketOpcode::close, encode_close_payload(event.code, {}));
      return end_when_sent(event.code);
    case WebSocketEvent::Kind::pong:
    case WebSocketEvent::Kind::none:
      return;
  }
}

void WebSocketConnection::on_message(WebSocketEvent event) {
  if (state_ != State::open) return;
  if (pump_) return pass_upstream(std::move(event.payload));
  const auto observer = observer_;
  observer->on_message(std::move(event.payload), event.kind == WebSocketEvent::Kind::binary);
}

void WebSocketConnection::on_peer_close(int code) {
  if (state_ == State::closing) return end_when_sent(close_code_);
  accepting_ = false;
  queue(WebSocketOpcode::close, encode_close_payload(code, {}));
  end_when_sent(code);
}

void WebSocketConnection::begin_bridge(Upstream upstream, std::unique_ptr<ByteFilter> filter) {
  if (state_ != State::open || pump_) return;
  filter_ = std::move(filter);
  pump_ = std::make_unique<UpstreamPump>(*this, loop_, std::move(upstream));
  if (stream_) pump_->start();
}

void WebSocketConnection::pass_upstream(std::string bytes) {
  if (!filter_) return pump_->write(std::move(bytes));
  std::string passed;
  const int close_code = filter_->filter(bytes, passed);
  if (!passed.empty()) pump_->write(std::move(passed));
  if (close_code != 0) on_upstream_end(close_code);
}

void WebSocketConnection::on_upstream_bytes(std::string_view bytes) {
  send(WebSocketOpcode::binary, std::string(bytes));
}

bool WebSocketConnection::wants_upstream_bytes() const {
  return state_ == State::open && out_.size() <= kMaxUnsentOfBridge;
}

void WebSocketConnection::on_upstream_end(int close_code) {
  pump_->close();
  close(close_code, "");
}

void WebSocketConnection::begin_close(int code, std::string reason) {
  if (state_ != State::open) return;
  state_ = State::closing;
  close_code_ = code;
  queue(WebSocketOpcode::close, encode_close_payload(code, std::move(reason)));
  paused_ = false;
  if (stream_) expect_within(kCloseWait);
  want_read();
}

void WebSocketConnection::end_when_sent(int code) {
  state_ = State::ending;
  close_code_ = code;
  expect_within(kCloseWait);
  if (out_.size() == 0) finish(code);
}

void WebSocketConnection::flush() {
  if (!stream_ || state_ == State::done) return;
  std::size_t sent = 0;
  const auto result = out_.flush(*stream_, sent);
  if (result == SendQueue::Flushed::failed) return finish(state_ == State::open ? kAbnormalClosure : close_code_);
  if (result == SendQueue::Flushed::blocked) stream_->wait_writable([self = shared_from_this()] { self->flush(); });
  if (state_ == State::ending && result == SendQueue::Flushed::empty) return finish(close_code_);
  if (pump_) {
    pump_->read();
  } else if (out_.take_drained()) {
    const auto observer = observer_;
    observer->on_drained();
  }
}

void WebSocketConnection::expect_within(std::chrono::milliseconds timeout) {
  deadline_.set(std::chrono::steady_clock::now() + timeout, [self = shared_from_this()] { self->on_tick(); });
}

// Silent for one interval: ping. For two: gone. While we do not read, silence is our own doing.
void WebSocketConnection::on_tick() {
  if (state_ == State::done) return;
  if (state_ != State::open) return finish(close_code_);
  const auto now = std::chrono::steady_clock::now();
  if (!reading_) heard_at_ = now;
  const auto silent = now - heard_at_;
  if (silent >= 2 * ping_interval_) return finish(kAbnormalClosure);
  if (silent < ping_interval_) {
    return expect_within(std::chrono::ceil<std::chrono::milliseconds>(ping_interval_ - silent));
  }
  queue(WebSocketOpcode::ping, {});
  expect_within(std::chrono::ceil<std::chrono::milliseconds>(2 * ping_interval_ - silent));
}

void WebSocketConnection::finish(int code) {
  if (state_ == State::done) return;
  const bool polite = state_ == State::ending && out_.size() == 0;
  state_ = State::done;
  accepting_ = false;
  deadline_.cancel();
  out_.close(unavailable("the WebSocket is closed").value());
  if (pump_) pump_->close();
  if (const auto observer = std::exchange(observer_, nullptr)) observer->on_close(code);
  if (stream_ && polite) Linger::begin(stream_->take(), links_);
  release();
}

void WebSocketConnection::release() {
  if (stream_ && stream_->open()) stream_->close();
  links_->remove(this);
}

}  // namespace ottobot::net
