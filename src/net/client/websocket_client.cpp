#include "net/client/websocket_client.hpp"

#include <charconv>
#include <condition_variable>
#include <mutex>

#include "net/client/raw_connection.hpp"
#include "net/websocket/client_handshake.hpp"
#include "net/websocket/websocket_codec.hpp"
#include "ottobot/json.hpp"

namespace ottobot::net {
namespace {

constexpr std::size_t kMaxRefusalBytes = 4 << 10;
constexpr std::chrono::milliseconds kCloseTimeout{1000};
constexpr std::chrono::milliseconds kPongTimeout{5000};

class CurlWebSocket final : public WebSocketClient {
 public:
  CurlWebSocket(std::unique_ptr<RawConnection> connection, std::string early_bytes, const WebSocketRequest& request)
      : connection_(std::move(connection)),
        decoder_(WebSocketSide::client, request.max_message_bytes),
        bytes_(std::move(early_bytes)),
        ping_interval_(request.ping_interval),
        last_heard_(std::chrono::steady_clock::now()) {}

  Result<WebSocketMessage> receive(const CallContext& ctx) override {
    for (;;) {
      WebSocketEvent event;
      at_ += decoder_.decode(bytes_.data() + at_, bytes_.size() - at_, event);
      if (auto message = take(event, ctx); !message || *message) {
        return message ? Result<WebSocketMessage>(std::move(**message)) : fail(message.error());
      }
      if (at_ < bytes_.size()) continue;
      if (auto more = read_more(ctx); !more) return fail(more.error());
    }
  }

  Result<void> send_text(const std::string& payload, const CallContext& ctx) override {
    return send(WebSocketOpcode::text, payload, ctx);
  }

  void close(int code) override {
    const auto said = send(WebSocketOpcode::close, encode_close_payload(code, ""), with_timeout(kCloseTimeout));
    if (!said) connection_->shut_down();
  }

 private:
  // nullopt: nothing for the caller.
  Result<std::optional<WebSocketMessage>> take(WebSocketEvent& event, const CallContext& ctx) {
    using Kind = WebSocketEvent::Kind;
    switch (event.kind) {
      case Kind::text:
        return WebSocketMessage{WebSocketMessage::Kind::text, std::move(event.payload), 0};
      case Kind::binary:
        return WebSocketMessage{WebSocketMessage::Kind::binary, std::move(event.payload), 0};
      case Kind::close:
        close(event.code);
        return WebSocketMessage{WebSocketMessage::Kind::closed, {}, event.code};
      case Kind::violation:
        close(event.code);
        return internal_error("the server broke the WebSocket protocol (" + std::to_string(event.code) + ")");
      case Kind::ping:
        if (auto sent = send(WebSocketOpcode::pong, event.payload, ctx.within(kPongTimeout)); !sent) {
          return fail(sent.error());
        }
        return std::nullopt;
      default:
        return std::nullopt;
    }
  }

  Result<void> read_more(const CallContext& ctx) {
    const auto ping_at = last_heard_ + (pinged_ ? 2 : 1) * ping_interval_;
    CallContext until_ping = ctx;
    until_ping.deadline = std::min(ctx.deadline, ping_at);
    auto more = connection_->receive(until_ping);
    if (more) {
      bytes_ = std::move(*more);
      at_ = 0;
      pinged_ = false;
      last_heard_ = std::chrono::steady_clock::now();
      return {};
    }
    if (more.error().code != ErrorCode::deadline_exceeded || ctx.remaining().count() == 0) return fail(more.error());
    if (std::exchange(pinged_, true)) return unavailable("the server has fallen silent");
    return send(WebSocketOpcode::ping, "", ctx.within(kPongTimeout));
  }

  Result<void> send(WebSocketOpcode opcode, const std::string& payload, const CallContext& ctx) {
    const std::string frame = encode_masked_websocket_frame(opcode, payload);
    if (auto mine = take_turn(ctx); !mine) return mine;
    const auto sent = connection_->send(frame, ctx);
    end_turn(!sent || opcode == WebSocketOpcode::close, sent.has_value());
    return sent;
  }

  Result<void> take_turn(const CallContext& ctx) {
    std::unique_lock lock(send_mutex_);
    const bool free = turn_ended_.wait_until(lock, ctx.stop, ctx.deadline, [this] { return !sending_; });
    if (auto live = ctx.check(); !live) return live;
    if (!free) return deadline_exceeded();
    if (over_) return unavailable("the connection was closed");
    sending_ = true;
    return {};
  }

  void end_turn(bool is_last, bool is_whole) {
    // Whatever followed a part of a frame would be taken for the rest of it.
    if (!is_whole) connection_->shut_down();
    const std::lock_guard lock(send_mutex_);
    sending_ = false;
    over_ = over_ || is_last;
    turn_ended_.notify_all();
  }

  std::mutex send_mutex_;  // guards sending_ and over_
  std::condition_variable_any turn_ended_;
  bool sending_ = false;  // one frame at a time
  bool over_ = false;     // a goodbye was the last frame, or a part of one was
  const std::unique_ptr<RawConnection> connection_;
  // The receiving thread's:
  WebSocketDecoder decoder_;
  std::string bytes_;
  std::size_t at_ = 0;  // what was decoded of bytes_
  const std::chrono::milliseconds ping_interval_;
  SteadyTime last_heard_;
  bool pinged_ = false;  // since then
};

Failure refusal(int status, std::string message, const std::string& hint) {
  switch (status) {
    case 400:
      return invalid_argument(std::move(message), hint);
    case 401:
      return unauthenticated(std::move(message), hint);
    case 403:
      return permission_denied(std::move(message), hint);
    case 404:
      return not_found(std::move(message), hint);
    case 409:
      return conflict(std::move(message), hint);
    default:
      if (status == 429 || status >= 500) return unavailable(std::move(message), hint);
      return unsupported(std::move(message), hint);
  }
}

Failure read_refusal(RawConnection& connection, const HandshakeReply& reply, std::string body, const CallContext& ctx) {
  std::size_t wanted = 0;
  if (const auto length = reply.headers.find("content-length")) {
    std::from_chars(length->data(), length->data() + length->size(), wanted);
  }
  while (body.size() < std::min(wanted, kMaxRefusalBytes)) {
    auto more = connection.receive(ctx);
    if (!more) break;
    body += *more;
  }
  const auto json = parse_json(body);
  const std::string said = json ? get_string(*json, "message") : "";
  const std::string status = std::to_string(reply.status) + " " + std::string(reason_phrase(reply.status));
  return refusal(reply.status, said.empty() ? "the server answered " + status : said,
                 json ? get_string(*json, "hint") : "");
}

std::string as_http(const std::string& url) {
  if (url.rfind("ws://", 0) == 0) return "http://" + url.substr(5);
  if (url.rfind("wss://", 0) == 0) return "https://" + url.substr(6);
  return url;
}

}  // namespace

Result<std::unique_ptr<WebSocketClient>> connect_websocket(const WebSocketRequest& request, const CallContext& ctx) {
  const auto patient = ctx.within(request.connect_timeout);
  const std::string url = as_http(request.url);
  const auto parts = parse_url(url);
  if (!parts) return invalid_argument("not a URL: \"" + request.url + "\"");
  const std::string key = make_websocket_key();
  auto head = websocket_request(parts->target, parts->host + (parts->default_port ? "" : ":" + parts->port), key,
                                request.headers);
  if (!head) return fail(head.error());
  auto connection = RawConnection::open(url, request.ca_file, patient);
  if (!connection) return fail(connection.error());
  if (auto sent = (*connection)->send(*head, patient); !sent) return fail(sent.error());
  std::string buffer;
  for (;;) {
    auto more = (*connection)->receive(patient);
    if (!more) return fail(more.error(), "the handshake was not answered");
    buffer += *more;
    auto reply = read_handshake_reply(buffer, key);
    if (!reply) return fail(reply.error());
    if (!*reply) continue;
    buffer.erase(0, (*reply)->head_bytes);
    if ((*reply)->status != 101) return read_refusal(**connection, **reply, std::move(buffer), patient);
    return std::make_unique<CurlWebSocket>(std::move(*connection), std::move(buffer), request);
  }
}

}  // namespace ottobot::net
