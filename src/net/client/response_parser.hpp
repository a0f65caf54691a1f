// One HTTP/1.x response, sans-I/O, by http_parser: bytes in, head and body out to a ResponseSink.
#pragma once

#include <http_parser.h>

#include <string_view>

#include "net/client/http_client.hpp"
#include "net/raw_head.hpp"

namespace ottobot::net {

class ResponseParser {
 public:
  // `sink` is borrowed. An answer to HEAD has no body, whatever its fields say. Interim answers (1xx) are dropped, but
  // for 101, which ends the response.
  ResponseParser(bool to_head, ResponseSink& sink);
  ResponseParser(const ResponseParser&) = delete;
  ResponseParser& operator=(const ResponseParser&) = delete;

  // Takes the next bytes, up to the end of the response; returns how many. Errors: unavailable (not HTTP, too large a
  // head), the sink's.
  Result<std::size_t> feed(std::string_view bytes);
  // The stream has ended. Errors: unavailable (in the middle of the response), the sink's.
  Result<void> end();

  bool done() const { return done_; }
  bool switched_protocols() const { return switched_; }

 private:
  static ResponseParser& self(http_parser* parser) { return *static_cast<ResponseParser*>(parser->data); }
  static const http_parser_settings& callbacks();
  int on_headers_complete();
  int on_body(std::string_view bytes);
  int on_message_complete();
  Result<void> outcome() const;

  http_parser parser_;
  const bool to_head_;
  ResponseSink& sink_;
  RawHead head_;
  Result<void> refused_;  // by the sink
  bool done_ = false;
  bool switched_ = false;
};

}  // namespace ottobot::net
