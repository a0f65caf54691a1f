#include "mcp/transports/http_answer.hpp"

#include "mcp/http_binding.hpp"
#include "mcp/jsonrpc.hpp"

namespace ottobot::mcp {

namespace {

// Enough for the largest screenshots; parsed, it takes ten times as much.
constexpr std::size_t kMaxMessageBytes = 16 << 20;

bool is_event_stream(const net::Headers& headers) {
  const auto type = headers.find("Content-Type");
  return type && net::equals_ignore_case(type->substr(0, type->find(';')), "text/event-stream");
}

}  // namespace

HttpAnswer::HttpAnswer(const Json& id, McpMessageSink& out) : id_(id), out_(out) {}

Result<void> HttpAnswer::on_head(int status, const net::Headers& headers) {
  status_ = status;
  is_stream_ = status == 200 && is_event_stream(headers);
  body_.clear();
  parser_.emplace(kMaxMessageBytes);
  if (const auto session = headers.find(http_binding::kSessionId)) session_id_ = std::string(*session);
  return {};
}

Result<void> HttpAnswer::on_body(std::string_view bytes) {
  if (is_stream_) return take_events(bytes);
  if (body_.size() + bytes.size() > kMaxMessageBytes) return internal_error("the MCP server's answer is too large");
  body_ += bytes;
  return {};
}

Result<void> HttpAnswer::take_events(std::string_view bytes) {
  auto events = parser_->feed(bytes);
  if (!events) return internal_error(events.error().message);
  if (!parser_->last_event_id().empty()) last_event_id_ = parser_->last_event_id();
  if (parser_->retry()) retry_ = parser_->retry();
  for (const SseEvent& event : *events) {
    // An event without data only carries an id to come back to.
    if (event.data.empty() || event.type != "message") continue;
    if (auto taken = take_message(event.data); !taken) return taken;
    if (response_) return cancelled("the response is complete");
  }
  return {};
}

Result<void> HttpAnswer::take_message(const std::string& text) {
  auto message = parse_json(text);
  if (!message) return internal_error("the MCP server sent an event that is no JSON: " + message.error().message);
  if (answers_us(*message)) {
    response_ = std::move(*message);
  } else {
    out_.on_message(*message);
  }
  return {};
}

bool HttpAnswer::answers_us(const Json& message) const {
  const Json* id = find_member(message, "id");
  return id && *id == id_ && !message.contains("method");
}

Result<Json> HttpAnswer::conclude() {
  if (is_stream_) return unavailable("the MCP server closed the stream before its response");
  auto message = parse_json(body_);
  if (message && answers_us(*message)) return std::move(*message);
  // A message that the server could not read is answered without id.
  const bool about_us = message && message->is_object() && message->contains("error") &&
                        usable_id(*message).is_null() && !message->contains("method");
  if (about_us) return std::move(*message);
  if (status_ < 200 || status_ > 299) return http_status_error(status_);
  return internal_error("the MCP server's answer is no JSON-RPC response to the request");
}

Failure http_status_error(int status) {
  const std::string text = "the MCP server answered HTTP " + std::to_string(status);
  switch (status) {
    case 401:
      return unauthenticated(text, "check the token of the endpoint");
    case 403:
      return permission_denied(text);
    case 404:
      return not_found(text);
    case 408:
    case 429:
    case 502:
    case 503:
    case 504:
      return unavailable(text);
    default:
      return internal_error(text);
  }
}

}  // namespace ottobot::mcp
