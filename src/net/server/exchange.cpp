#include "net/server/exchange.hpp"

#include <charconv>

#include "net/server/bridge.hpp"
#include "net/server/response_stream.hpp"
#include "net/server/websocket_connection.hpp"
#include "net/server/websocket_handshake.hpp"

namespace ottobot::net {

namespace {

constexpr std::size_t kMaxUnsent = 256 << 10;
constexpr std::size_t kPiece = 64 << 10;

std::optional<std::uint64_t> declared_length(const Headers& headers) {
  const auto text = headers.find("content-length");
  std::uint64_t length = 0;
  if (!text) return std::nullopt;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), length);
  if (error != std::errc{} || end != text->data() + text->size()) return std::nullopt;
  return length;
}

}  // namespace

ServerExchange::ServerExchange(std::shared_ptr<Connection> connection, std::shared_ptr<Transaction> transaction)
    : connection_(std::move(connection)),
      transaction_(std::move(transaction)),
      continue_due_(transaction_->request.expects_continue) {}

Result<std::string> ServerExchange::read_body(std::size_t max_bytes) {
  const ParsedRequest& request = transaction_->request;
  if (request.content_length > max_bytes) return resource_exhausted("the request body is too large");
  // Grown with what arrives, not by what the client claims.
  std::string body(static_cast<std::size_t>(std::min<std::uint64_t>(request.content_length, kPiece)), '\0');
  std::size_t size = 0;
  for (;;) {
    if (size == body.size()) body.resize(size * 2 + (4 << 10));
    auto count = read({body.data() + size, body.size() - size});
    if (!count) return fail(count.error());
    if (*count == 0) break;
    size += *count;
    if (size > max_bytes) return resource_exhausted("the request body is too large");
    if (!request.chunked && size == request.content_length) break;
  }
  body.resize(size);
  return body;
}

Result<std::size_t> ServerExchange::read(std::span<char> buffer) {
  if (std::exchange(continue_due_, false) && !transaction_->body.complete()) connection_->send(std::string(kContinue));
  return transaction_->body.read(buffer, transaction_->may_block);
}

bool ServerExchange::can_keep_alive(const Headers& headers) const {
  return transaction_->request.keep_alive && transaction_->body.complete() &&
         !headers.has_token("connection", "close") && !connection_->context().links->draining();
}

void ServerExchange::respond(Response response) {
  if (answered()) return;
  state_ = State::answered;
  const bool keep_alive = can_keep_alive(response.headers);
  connection_->send(whole_response(&transaction_->request, std::move(response), keep_alive));
  connection_->response_done(keep_alive);
}

void ServerExchange::respond_error(int status, const std::string& message) {
  const auto& custom = connection_->context().listen.error_response;
  respond(custom ? custom(status, message) : Response{status, {{"Content-Type", "text/plain"}}, message + "\n"});
}

void ServerExchange::start_body(int status, const Headers& headers) {
  const auto length = declared_length(headers);
  keep_alive_ = can_keep_alive(headers);
  if (has_no_body(status)) {
    framing_ = BodyFraming::none;
  } else if (length) {
    framing_ = BodyFraming::length;
    length_left_ = *length;
  } else if (transaction_->request.http_1_0) {
    framing_ = BodyFraming::until_close;
    keep_alive_ = false;
  } else {
    framing_ = BodyFraming::chunked;
  }
  suppress_body_ = framing_ == BodyFraming::none || request().method == "HEAD";
  state_ = State::streaming;
  connection_->send(serialize({status, headers, framing_, static_cast<std::size_t>(length.value_or(0)), keep_alive_}));
}

Result<void> ServerExchange::start(int status, Headers headers) {
  if (answered()) return internal_error("the request was answered already");
  start_body(status, headers);
  if (connection_->broken()) return connection_->wait_for_room(kMaxUnsent);
  return {};
}

Result<void> ServerExchange::write(std::string_view bytes) {
  if (state_ != State::streaming) return internal_error("write() belongs between start() and finish()");
  if (suppress_body_) return {};
  if (framing_ == BodyFraming::length && bytes.size() > length_left_) {
    return internal_error("the body is longer than its Content-Length");
  }
  while (!bytes.empty()) {
    const auto piece = bytes.substr(0, kPiece);
    if (transaction_->may_block) {
      if (auto room = connection_->wait_for_room(kMaxUnsent); !room) return room;
    }
    std::string out;
    if (framing_ == BodyFraming::chunked) {
      append_chunk(out, piece);
    } else {
      out = piece;
    }
    length_left_ -= framing_ == BodyFraming::length ? piece.size() : 0;
    if (!connection_->send(std::move(out))) return unavailable("the client closed the connection");
    bytes.remove_prefix(piece.size());
  }
  return {};
}

void ServerExchange::finish() {
  if (state_ != State::streaming) return;
  if (!suppress_body_ && framing_ == BodyFraming::length && length_left_ > 0) return;  // close() breaks it
  state_ = State::answered;
  if (!suppress_body_ && framing_ == BodyFraming::chunked) connection_->send(std::string(kLastChunk));
  connection_->response_done(keep_alive_);
}

std::shared_ptr<ResponseStream> ServerExchange::start_stream(int status, Headers headers,
                                                             ResponseStreamObserver observer) {
  if (!answered()) start_body(status, headers);
  state_ = State::answered;
  outcome_.observer = std::move(observer);
  return std::make_shared<ConnectionResponseStream>(connection_, framing_ == BodyFraming::chunked, suppress_body_,
                                                    keep_alive_);
}

void ServerExchange::respond_upgrade_required(Headers headers, const std::string& message) {
  Response response;
  response.status = 426;
  const auto& custom = connection_->context().listen.error_response;
  if (custom) response = custom(426, message);
  if (!custom) response.body = message + "\n";
  for (const auto& [name, value] : headers) response.headers.set(name, value);
  respond(std::move(response));
}

void ServerExchange::upgrade_and_bridge(std::string_view protocol, const Headers& headers, Upstream upstream) {
  if (answered()) return;
  const Headers& asked = request().headers;
  if (!asked.has_token("connection", "upgrade") || !asked.has_token("upgrade", protocol)) {
    return respond_upgrade_required({{"Upgrade", std::string(protocol)}}, "an Upgrade is required here");
  }
  if (!transaction_->body.complete()) return respond_error(400, "an upgrade request has no body");
  state_ = State::answered;
  connection_->send(serialize_switch(protocol, headers));
  outcome_.upgrade = std::make_shared<Bridge>(connection_->loop(), connection_->context().links, std::move(upstream));
}

Result<std::shared_ptr<WebSocket>> ServerExchange::accept_websocket(const WebSocketOptions& options,
                                                                    std::shared_ptr<WebSocketObserver> observer) {
  if (answered()) return internal_error("the request was answered already");
  if (!transaction_->body.complete()) {
    respond_error(400, "a WebSocket handshake has no body");
    return invalid_argument("a WebSocket handshake has no body");
  }
  auto handshake = answer_handshake(request(), options.subprotocols);
  if (handshake.status == 426) {
    respond_upgrade_required({{"Upgrade", "websocket"}, {"Sec-WebSocket-Version", "13"}}, handshake.problem);
    return invalid_argument(handshake.problem);
  }
  if (handshake.status != 101) {
    respond_error(handshake.status, handshake.problem);
    return invalid_argument(handshake.problem);
  }
  state_ = State::answered;
  connection_->send(std::move(handshake.response));
  auto socket = std::make_shared<WebSocketConnection>(connection_->loop(), connection_->context().links, options,
                                                      std::move(observer));
  outcome_.upgrade = socket;
  return std::shared_ptr<WebSocket>(std::move(socket));
}

void ServerExchange::close() {
  if (state_ == State::unanswered) {
    connection_->context().logger.error("handler gave no answer", {{"path", request().path}});
    respond_error(500, "internal error");
  }
  if (state_ == State::streaming) connection_->abort(internal_error("the answer was not finished").value());
  connection_->handler_done(std::move(outcome_));
}

void run_handler(const std::shared_ptr<Connection>& connection, const std::shared_ptr<Transaction>& transaction) {
  if (connection->broken()) return connection->handler_done({});
  ServerExchange exchange(connection, transaction);
  const auto& handler = connection->context().listen.handler;
  std::string problem = "not a std::exception";
  try {
    handler(exchange);
    return exchange.close();
  } catch (const std::exception& error) {
    problem = error.what();
  } catch (...) {
  }
  connection->context().logger.error("exception in a handler", {{"path", exchange.request().path}, {"what", problem}});
  if (!exchange.answered()) exchange.respond_error(500, "internal error");
  exchange.close();
}

std::string whole_response(const ParsedRequest* request, Response response, bool keep_alive) {
  const bool bodyless = has_no_body(response.status);
  const auto framing = bodyless ? BodyFraming::none : BodyFraming::length;
  std::string out = serialize({response.status, response.headers, framing, response.body.size(), keep_alive});
  if (!bodyless && (request == nullptr || request->head.method != "HEAD")) out += response.body;
  return out;
}

}  // namespace ottobot::net
