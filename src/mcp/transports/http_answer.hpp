// The answer to one POST of Streamable HTTP, as it arrives: one JSON message, or a stream of events among which it is.
#pragma once

#include <optional>
#include <string>

#include "mcp/sse.hpp"
#include "net/client/http_client.hpp"
#include "ottobot/mcp_transport.hpp"

namespace ottobot::mcp {

// Lives for one request(), over the streams that it takes. Not thread-safe.
class HttpAnswer final : public net::ResponseSink {
 public:
  // Both are borrowed.
  HttpAnswer(const Json& id, McpMessageSink& out);

  Result<void> on_head(int status, const net::Headers& headers) override;
  // Ends the transfer with an error as soon as the response is there: what follows does not matter.
  Result<void> on_body(std::string_view bytes) override;

  int status() const { return status_; }
  const std::string& session_id() const { return session_id_; }
  // Where a broken stream can be taken up again; empty if nowhere.
  const std::string& last_event_id() const { return last_event_id_; }
  std::optional<std::chrono::milliseconds> retry() const { return retry_; }

  // The response, once it arrived.
  std::optional<Json>& response() { return response_; }
  // Call at the end of a transfer without response: looks at what a JSON body or the status says. Errors: as
  // McpTransport::request.
  Result<Json> conclude();

 private:
  Result<void> take_events(std::string_view bytes);
  Result<void> take_message(const std::string& text);
  bool answers_us(const Json& message) const;

  const Json& id_;
  McpMessageSink& out_;
  int status_ = 0;
  bool is_stream_ = false;
  std::string session_id_;
  std::string body_;
  std::optional<SseParser> parser_;
  std::string last_event_id_;
  std::optional<std::chrono::milliseconds> retry_;
  std::optional<Json> response_;
};

// The error that an HTTP status stands for.
Failure http_status_error(int status);

}  // namespace ottobot::mcp
