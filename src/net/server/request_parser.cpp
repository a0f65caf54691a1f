#include "net/server/request_parser.hpp"

#include <algorithm>
#include <charconv>

#include "net/raw_head.hpp"

namespace ottobot::net {

namespace {

using Refusal = std::optional<RequestRefusal>;

RawHead& raw(http_parser* parser) { return *static_cast<RawHead*>(parser->data); }

int on_url(http_parser* parser, const char* at, std::size_t length) {
  raw(parser).target.append(at, length);
  return 0;
}

int on_field(http_parser* parser, const char* at, std::size_t length) {
  raw(parser).add_name(at, length);
  return 0;
}

int on_value(http_parser* parser, const char* at, std::size_t length) {
  raw(parser).add_value(at, length);
  return 0;
}

// Nothing behind the head is given to http_parser: its "no body follows" answer (1) ends the message there.
int on_headers_complete(http_parser*) { return 1; }

bool is_token(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
  });
}

bool is_target(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return static_cast<unsigned char>(c) > ' ' && c != 0x7f && c != '#';
  });
}

bool is_host(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return static_cast<unsigned char>(c) > ' ' && c != 0x7f &&
           std::string_view("/?#@\\,").find(c) == std::string_view::npos;
  });
}

std::size_t count(const Headers& headers, std::string_view name) {
  return static_cast<std::size_t>(
      std::count_if(headers.begin(), headers.end(), [&](const auto& f) { return equals_ignore_case(f.first, name); }));
}

Refusal bad(std::string message) { return RequestRefusal{400, std::move(message)}; }

Refusal split_target(RequestHead& head) {
  std::string_view rest = head.target;
  if (rest.front() != '/' && rest != "*") {
    const auto scheme = rest.find("://");
    if (scheme == std::string_view::npos) return bad("the request target must start with '/'");
    const auto slash = rest.find_first_of("/?", scheme + 3);
    rest = slash == std::string_view::npos ? std::string_view{} : rest.substr(slash);
  }
  const auto question = rest.find('?');
  head.path = rest.substr(0, question);
  if (head.path.empty()) head.path = "/";
  if (question != std::string_view::npos) head.query = rest.substr(question + 1);
  return std::nullopt;
}

Refusal check_host(const ParsedRequest& request) {
  const Headers& headers = request.head.headers;
  const std::size_t hosts = count(headers, "host");
  if (hosts > 1) return bad("more than one Host field");
  if (hosts == 0) return request.http_1_0 ? std::nullopt : bad("the Host field is missing");
  if (!is_host(*headers.find("host"))) return bad("the Host field is malformed");
  return std::nullopt;
}

Refusal read_framing(ParsedRequest& request) {
  const Headers& headers = request.head.headers;
  const std::size_t encodings = count(headers, "transfer-encoding");
  const std::size_t lengths = count(headers, "content-length");
  if (encodings > 0 && lengths > 0) return bad("both Transfer-Encoding and Content-Length");
  if (encodings > 0) {
    if (request.http_1_0) return bad("Transfer-Encoding in HTTP/1.0");
    if (encodings > 1 || !equals_ignore_case(*headers.find("transfer-encoding"), "chunked")) {
      return bad("the only Transfer-Encoding understood is chunked");
    }
    request.chunked = true;
  }
  if (lengths == 0) return std::nullopt;
  const std::string_view text = *headers.find("content-length");
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), request.content_length);
  const bool number = error == std::errc{} && end == text.data() + text.size();
  if (lengths > 1 || !number || request.content_length > INT64_MAX) return bad("Content-Length is malformed");
  return std::nullopt;
}

Refusal read_connection(ParsedRequest& request) {
  const Headers& headers = request.head.headers;
  request.keep_alive =
      !headers.has_token("connection", "close") && (!request.http_1_0 || headers.has_token("connection", "keep-alive"));
  const auto expectation = headers.find("expect");
  if (!expectation) return std::nullopt;
  if (!equals_ignore_case(*expectation, "100-continue")) return RequestRefusal{417, "unknown expectation"};
  request.expects_continue = !request.http_1_0;
  return std::nullopt;
}

Refusal check_tokens(const RawHead& head) {
  if (!is_target(head.target)) return bad("the request target has forbidden characters");
  for (const auto& [name, value] : head.fields) {
    if (!is_token(name)) return bad("malformed header field name");
  }
  return std::nullopt;
}

Refusal check_version(const http_parser& parser) {
  if (parser.http_major == 1 && parser.http_minor <= 1) return std::nullopt;
  if (parser.http_major == 0) return bad("HTTP/0.9 is not spoken here");
  return RequestRefusal{505, "only HTTP/1.0 and HTTP/1.1 are spoken here"};
}

}  // namespace

std::size_t RequestParser::feed(std::string_view bytes) {
  if (request_ || refusal_) return 0;
  std::size_t taken = 0;
  const auto verdict = scanner_.scan(bytes, taken);
  if (verdict == HeadScanner::Verdict::need_more) {
    partial_.append(bytes.substr(0, taken));
  } else if (verdict != HeadScanner::Verdict::complete) {
    refuse(verdict);
  } else if (partial_.empty()) {
    parse(bytes.substr(0, taken));
  } else {
    partial_.append(bytes.substr(0, taken));
    parse(partial_);
  }
  return taken;
}

void RequestParser::refuse(HeadScanner::Verdict verdict) {
  switch (verdict) {
    case HeadScanner::Verdict::target_too_long:
      refusal_ = RequestRefusal{414, "the request target is too long"};
      return;
    case HeadScanner::Verdict::head_too_big:
      refusal_ = RequestRefusal{431, "the header fields are too large"};
      return;
    default:
      refusal_ = RequestRefusal{400, "malformed line in the request head"};
  }
}

void RequestParser::parse(std::string_view head) {
  http_parser parser;
  http_parser_init(&parser, HTTP_REQUEST);
  RawHead found;
  parser.data = &found;
  http_parser_settings settings;
  http_parser_settings_init(&settings);
  settings.on_url = on_url;
  settings.on_header_field = on_field;
  settings.on_header_value = on_value;
  settings.on_headers_complete = on_headers_complete;
  http_parser_execute(&parser, &settings, head.data(), head.size());
  if (const auto error = HTTP_PARSER_ERRNO(&parser); error != HPE_OK) {
    refusal_ = bad(http_errno_description(error));
    return;
  }

  ParsedRequest request;
  request.http_1_0 = parser.http_minor == 0;
  request.head.method = http_method_str(static_cast<http_method>(parser.method));
  if ((refusal_ = check_version(parser)) || (refusal_ = check_tokens(found))) return;
  if (parser.method == HTTP_CONNECT) {
    refusal_ = bad("CONNECT is not supported");
    return;
  }
  request.head.target = std::move(found.target);
  for (auto& [name, value] : found.fields)
    request.head.headers.add(std::move(name), RawHead::trimmed(std::move(value)));
  if ((refusal_ = split_target(request.head)) || (refusal_ = check_host(request)) ||
      (refusal_ = read_framing(request)) || (refusal_ = read_connection(request))) {
    return;
  }
  request_ = std::move(request);
}

std::optional<ParsedRequest> RequestParser::take_request() {
  if (!request_) return std::nullopt;
  scanner_.reset();
  partial_ = {};
  return std::exchange(request_, std::nullopt);
}

}  // namespace ottobot::net
