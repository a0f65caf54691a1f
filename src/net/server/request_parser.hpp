// One HTTP/1.1 request head, sans-I/O: bytes in, ParsedRequest or the status of the refusal out.
//
// http_parser does the tokens; HeadScanner and the checks here are the strict part (RFC 9112 §3, §5, §6.3).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "net/server/head_scanner.hpp"
#include "net/server/http_server.hpp"

namespace ottobot::net {

struct ParsedRequest {
  RequestHead head;  // without peer
  bool keep_alive = true;
  bool http_1_0 = false;
  bool expects_continue = false;
  bool chunked = false;
  std::uint64_t content_length = 0;
};

struct RequestRefusal {
  int status = 400;
  std::string message;
};

class RequestParser {
 public:
  explicit RequestParser(std::size_t max_header_bytes) : scanner_(max_header_bytes) {}

  // Takes bytes up to the end of the head; returns how many. Afterwards request() or refusal() may be set.
  std::size_t feed(std::string_view bytes);
  // True before the first byte of a head.
  bool idle() const { return scanner_.untouched(); }
  const std::optional<RequestRefusal>& refusal() const { return refusal_; }
  // Hands the parsed head out and gets ready for the next one.
  std::optional<ParsedRequest> take_request();

 private:
  void refuse(HeadScanner::Verdict verdict);
  void parse(std::string_view head);

  HeadScanner scanner_;
  std::string partial_;  // a head that came in pieces
  std::optional<ParsedRequest> request_;
  std::optional<RequestRefusal> refusal_;
};

}  // namespace ottobot::net
