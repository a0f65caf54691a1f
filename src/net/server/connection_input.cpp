#include "net/server/connection.hpp"

namespace ottobot::net {

namespace {
constexpr std::size_t kMaxPipelined = 64 << 10;
// A body of at most so many bytes is awaited here: a client that is slow to send it holds a buffer, and no handler.
constexpr std::uint64_t kShortBody = 64 << 10;
}  // namespace

void Connection::want_read() {
  if (closed_ || closing_ || reading_ || ended_) return;
  if (phase_ == Phase::body && transaction_->body.full()) return;
  if (phase_ == Phase::busy && input_.size() >= kMaxPipelined) return;
  reading_ = true;
  stream_.wait_readable([self = shared_from_this()] { self->on_readable(); });
}

void Connection::on_readable() {
  reading_ = false;
  if (closed_ || closing_) return;
  const IoCount result = stream_.read_some(loop_->buffer());
  switch (result.status) {
    case IoCount::Status::ok:
      consume({loop_->buffer().data(), result.bytes});
      break;
    case IoCount::Status::end:
      on_end_of_input();
      break;
    case IoCount::Status::failed:
      return break_off(unavailable("the client closed the connection").value());
    case IoCount::Status::blocked:
      break;
  }
  want_read();
}

// Maybe a full close, maybe only "I have sent everything": the handler is told, its answer is still sent.
void Connection::on_end_of_input() {
  ended_ = true;
  if (!transaction_ || dispatch_due_) return close_when_sent();
  const auto transaction = transaction_;
  if (outcome_.observer) return break_off(unavailable("the client closed the connection").value());
  transaction->gone.request_stop();
  transaction->body.fail(unavailable("the client closed the connection").value());
}

void Connection::consume(std::string_view bytes) {
  std::string joined;
  if (!input_.empty()) {
    joined = std::exchange(input_, {}).append(bytes);
    bytes = joined;
  }
  while (!bytes.empty() && !closing_ && !closed_ && phase_ != Phase::busy) {
    bytes.remove_prefix(phase_ == Phase::head ? take_head(bytes) : take_body(bytes));
  }
  if (closing_ || closed_) return;
  input_.assign(bytes);
  if (dispatch_due_ && !awaits_short_body()) dispatch();
}

bool Connection::awaits_short_body() const {
  if (phase_ != Phase::body) return false;
  const ParsedRequest& request = transaction_->request;
  return !request.chunked && request.content_length <= kShortBody && !request.head.headers.find("Expect");
}

std::size_t Connection::take_head(std::string_view bytes) {
  if (parser_.idle()) expect_input_within(context_->options.header_timeout);
  const std::size_t taken = parser_.feed(bytes);
  if (parser_.refusal()) {
    refuse(parser_.refusal()->status, parser_.refusal()->message);
  } else if (auto request = parser_.take_request()) {
    begin_request(std::move(*request));
  }
  return taken;
}

void Connection::begin_request(ParsedRequest request) {
  request.head.peer = peer_;
  request.head.over_tls = context_->listen.tls != nullptr;
  if (request.chunked) {
    decoder_.expect_chunked();
  } else {
    decoder_.expect_length(request.content_length);
  }
  transaction_ = std::make_shared<Transaction>(std::move(request), [weak = weak_from_this()] {
    const auto self = weak.lock();
    if (self) self->loop_->post([self] { self->on_body_wanted(); });
  });
  response_done_ = false;
  waits_for_request_ = false;
  dispatch_due_ = true;
  input_due_ = SteadyTime::max();
  phase_ = decoder_.done() ? Phase::busy : Phase::body;
  if (phase_ == Phase::busy) transaction_->body.finish({});
  if (awaits_short_body()) expect_input_within(context_->options.body_timeout);
}

std::size_t Connection::take_body(std::string_view bytes) {
  std::string decoded;
  const std::size_t taken = decoder_.decode(bytes, decoded);
  if (!decoder_.done() && !decoder_.failed()) {
    if (!decoded.empty()) transaction_->body.push(std::move(decoded));
    expect_input_within(context_->options.body_timeout);
    return taken;
  }
  input_due_ = SteadyTime::max();
  phase_ = Phase::busy;
  if (decoder_.done()) {
    transaction_->body.finish(std::move(decoded));
  } else {
    keep_alive_ = false;
    ended_ = true;  // nothing after a defect can be trusted to be a request
    transaction_->body.fail(invalid_argument("malformed chunked body").value());
  }
  return taken;
}

void Connection::dispatch() {
  dispatch_due_ = false;
  const ListenOptions& listen = context_->listen;
  RequestHead& head = transaction_->request.head;
  auto task = [self = shared_from_this(), transaction = transaction_] { run_handler(self, transaction); };
  handler_runs_ = true;
  if (listen.is_inline && listen.is_inline(head)) {
    transaction_->may_block = false;
    return task();
  }
  if (phase_ == Phase::busy && listen.is_quick && listen.is_quick(head)) {
    if (auto place = context_->pool->try_begin()) {
      return loop_->post([loop = loop_, task = std::move(task), place = std::move(*place)] { loop->lend(task); });
    }
  }
  if (context_->pool->post(std::move(task))) return;
  handler_runs_ = false;
  Response overloaded = error_response(503, "every worker thread is busy");
  overloaded.headers.set("Retry-After", "1");
  const bool keep = transaction_->request.keep_alive && transaction_->body.complete() && !context_->links->draining();
  send(whole_response(&transaction_->request, std::move(overloaded), keep));
  response_done(keep);
}

void Connection::on_body_wanted() {
  if (closed_ || phase_ != Phase::body) return;
  expect_input_within(context_->options.body_timeout);
  want_read();
}

}  // namespace ottobot::net
