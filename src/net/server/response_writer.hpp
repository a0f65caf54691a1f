// The bytes of responses, sans-I/O (RFC 9112 §4, §6, §7.1).
#pragma once

#include <string>
#include <string_view>

#include "net/http_types.hpp"

namespace ottobot::net {

// How the end of a response body is told.
enum class BodyFraming {
  none,         // 1xx, 204, 304: no body, no length
  length,       // Content-Length
  chunked,      // Transfer-Encoding: chunked
  until_close,  // HTTP/1.0 without a length
};

struct ResponseHead {
  int status = 200;
  const Headers& headers;  // Connection, Date, Transfer-Encoding and Content-Length in it are replaced by ours
  BodyFraming framing = BodyFraming::length;
  std::size_t content_length = 0;  // of BodyFraming::length
  bool keep_alive = true;
};

// True for statuses whose responses never have a body.
bool has_no_body(int status);
std::string serialize(const ResponseHead& head);
// 101 with `Upgrade: protocol`.
std::string serialize_switch(std::string_view protocol, const Headers& more);
// Appends one chunk; nothing for empty bytes, which would end the body.
void append_chunk(std::string& out, std::string_view bytes);
inline constexpr std::string_view kLastChunk = "0\r\n\r\n";
inline constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";

}  // namespace ottobot::net
