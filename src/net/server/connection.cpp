#include "net/server/connection.hpp"

#include "net/server/linger.hpp"
#include "net/server/response_writer.hpp"

namespace ottobot::net {

Connection::Connection(std::shared_ptr<const ListenerContext> context, Stream stream, std::string peer)
    : context_(std::move(context)),
      loop_(stream.shared_loop()),
      stream_(std::move(stream)),
      peer_(std::move(peer)),
      parser_(context_->options.max_header_bytes),
      deadline_(loop_->context()) {}

void Connection::start() {
  expect_input_within(context_->options.header_timeout);
  want_read();
}

void Connection::refuse_at_once(int status, const std::string& message) {
  // With TLS the answer waits for the client's part of the handshake.
  output_due_ = Clock::now() + context_->options.header_timeout;
  refuse(status, message);
}

bool Connection::send(std::string bytes) {
  const auto pushed = out_.push(std::move(bytes));
  if (pushed == SendQueue::Pushed::queued_needs_flush) {
    loop_->post([self = shared_from_this()] { self->flush(); });
  }
  return pushed != SendQueue::Pushed::closed;
}

void Connection::response_done(bool keep_alive) {
  loop_->post([self = shared_from_this(), keep_alive] {
    self->response_done_ = true;
    self->keep_alive_ = self->keep_alive_ && keep_alive;
    self->advance();
  });
}

void Connection::handler_done(HandlerOutcome outcome) {
  loop_->post([self = shared_from_this(), outcome = std::move(outcome)]() mutable {
    self->handler_runs_ = false;
    self->outcome_ = std::move(outcome);
    if (self->closed_) {
      self->drop_outcome();
      return self->leave();
    }
    if (self->outcome_.observer && self->ended_) {
      return self->break_off(unavailable("the client closed the connection").value());
    }
    self->tell_if_drained();
    self->advance();
  });
}

void Connection::abort(Error why) {
  loop_->post([self = shared_from_this(), why = std::move(why)]() mutable { self->break_off(std::move(why)); });
}

void Connection::shut_down() { abort(unavailable("the server is shutting down").value()); }

Response Connection::error_response(int status, const std::string& message) const {
  if (context_->listen.error_response) return context_->listen.error_response(status, message);
  return {status, {{"Content-Type", "text/plain; charset=utf-8"}}, message + "\n"};
}

void Connection::refuse(int status, const std::string& message) {
  context_->logger.debug("request refused", {{"peer", peer_}, {"status", status}, {"reason", message}});
  Response response = error_response(status, message);
  if (status == 503) response.headers.set("Retry-After", "1");
  send(whole_response(nullptr, std::move(response), false));
  close_when_sent();
}

void Connection::flush() {
  if (closed_) return;
  std::size_t sent = 0;
  const auto result = out_.flush(stream_, sent);
  if (result == SendQueue::Flushed::failed) return break_off(unavailable("the client closed the connection").value());
  if (sent > 0 || output_due_ == SteadyTime::max()) output_due_ = Clock::now() + context_->options.write_timeout;
  if (result == SendQueue::Flushed::blocked) {
    stream_.wait_writable([self = shared_from_this()] { self->flush(); });
  } else {
    output_due_ = SteadyTime::max();
  }
  arm();
  tell_if_drained();
  advance();
}

// A stream that drained while its handler still ran had nobody to tell: it is told then.
void Connection::tell_if_drained() {
  if (!outcome_.observer || !outcome_.observer->on_drained) return;
  if (out_.take_drained()) outcome_.observer->on_drained();
}

// Goes on to whatever the state allows; called after every change of it.
void Connection::advance() {
  if (closed_ || handler_runs_) return;
  const bool all_sent = out_.size() == 0;
  if (closing_) {
    if (all_sent) leave();
    return;
  }
  if (outcome_.upgrade) {
    if (all_sent) hand_over();
    return;
  }
  if (!transaction_ || !response_done_) return;
  if (outcome_.observer) {
    if (!all_sent) return;
    const auto observer = std::exchange(outcome_.observer, std::nullopt);
    if (observer->on_closed) observer->on_closed();
    if (closed_) return;
  }
  if (phase_ == Phase::busy && keep_alive_ && !ended_) return next_request();
  close_when_sent();
}

void Connection::next_request() {
  transaction_.reset();
  phase_ = Phase::head;
  waits_for_request_ = true;
  expect_input_within(context_->options.keep_alive);
  consume({});
  want_read();
}

void Connection::hand_over() {
  const auto upgrade = std::exchange(outcome_.upgrade, nullptr);
  context_->links->add(upgrade);
  closed_ = true;
  deadline_.cancel();
  out_.close(unavailable("the connection was upgraded").value());
  upgrade->start(stream_.take(), std::exchange(input_, {}));
  transaction_.reset();
  leave();
}

void Connection::close_when_sent() {
  closing_ = true;
  input_due_ = SteadyTime::max();
  arm();
  if (out_.size() == 0) leave();
}

// The polite end: everything is sent.
void Connection::leave() {
  if (!closed_) {
    closed_ = true;
    deadline_.cancel();
    out_.close(unavailable("the connection is closed").value());
    transaction_.reset();
    Linger::begin(stream_.take(), context_->links);
  }
  context_->links->remove(this);
}

void Connection::break_off(Error why) {
  if (closed_) return;
  closed_ = true;
  broken_ = true;
  stream_.close();
  deadline_.cancel();
  out_.close(why);
  const auto transaction = std::exchange(transaction_, nullptr);
  if (transaction) {
    transaction->gone.request_stop();
    transaction->body.fail(std::move(why));
  }
  drop_outcome();
  if (!handler_runs_) leave();
}

// Whoever was promised a callback gets it, and before this connection has left.
void Connection::drop_outcome() {
  const auto observer = std::exchange(outcome_.observer, std::nullopt);
  if (observer && observer->on_closed) observer->on_closed();
  const auto upgrade = std::exchange(outcome_.upgrade, nullptr);
  if (!upgrade) return;
  context_->links->add(upgrade);
  upgrade->shut_down();
}

void Connection::expect_input_within(std::chrono::milliseconds timeout) {
  input_due_ = Clock::now() + timeout;
  arm();
}

void Connection::arm() {
  const SteadyTime due = std::min(input_due_, output_due_);
  if (due == SteadyTime::max()) return deadline_.clear();
  deadline_.set(due, [self = shared_from_this()] { self->on_deadline(); });
}

void Connection::on_deadline() {
  if (closed_) return;
  const SteadyTime now = Clock::now();
  if (output_due_ <= now) return break_off(deadline_exceeded("the client takes no data").value());
  if (input_due_ > now) return arm();
  input_due_ = SteadyTime::max();
  if (phase_ == Phase::head && parser_.idle()) return close_when_sent();
  if (phase_ == Phase::head) return refuse(408, "the request head took too long");
  if (dispatch_due_) return refuse(408, "the request body took too long");
  if (phase_ == Phase::body && transaction_->body.reader_waits()) {
    ended_ = true;
    transaction_->body.fail(deadline_exceeded("the request body took too long").value());
  }
  arm();
}

}  // namespace ottobot::net
