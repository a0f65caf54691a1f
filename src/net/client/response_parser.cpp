#include "net/client/response_parser.hpp"

namespace ottobot::net {
namespace {

// What http_parser wants to hear of a head (its http_parser.h).
constexpr int kGoOn = 0, kNoBody = 1, kNothingFollows = 2, kStop = -1;

}  // namespace

ResponseParser::ResponseParser(bool to_head, ResponseSink& sink) : to_head_(to_head), sink_(sink) {
  http_parser_init(&parser_, HTTP_RESPONSE);
  parser_.data = this;
}

const http_parser_settings& ResponseParser::callbacks() {
  static const http_parser_settings settings = [] {
    http_parser_settings made;
    http_parser_settings_init(&made);
    made.on_header_field = [](http_parser* parser, const char* at, std::size_t length) {
      self(parser).head_.add_name(at, length);
      return 0;
    };
    made.on_header_value = [](http_parser* parser, const char* at, std::size_t length) {
      self(parser).head_.add_value(at, length);
      return 0;
    };
    made.on_headers_complete = [](http_parser* parser) { return self(parser).on_headers_complete(); };
    made.on_body = [](http_parser* parser, const char* at, std::size_t length) {
      return self(parser).on_body({at, length});
    };
    made.on_message_complete = [](http_parser* parser) { return self(parser).on_message_complete(); };
    return made;
  }();
  return settings;
}

int ResponseParser::on_headers_complete() {
  const int status = parser_.status_code;
  switched_ = status == 101;
  if (status < 200 && !switched_) return kNoBody;
  Headers headers;
  for (auto& [name, value] : head_.fields) headers.add(std::move(name), RawHead::trimmed(std::move(value)));
  refused_ = sink_.on_head(status, headers);
  if (!refused_) return kStop;
  if (switched_) return kNothingFollows;
  const bool bodyless = to_head_ || status == 204 || status == 304;
  return bodyless ? kNoBody : kGoOn;
}

int ResponseParser::on_body(std::string_view bytes) {
  refused_ = sink_.on_body(bytes);
  return refused_ ? kGoOn : kStop;
}

int ResponseParser::on_message_complete() {
  head_ = {};
  if (parser_.status_code < 200 && !switched_) return kGoOn;
  done_ = true;
  http_parser_pause(&parser_, 1);  // what follows is not ours
  return kGoOn;
}

Result<void> ResponseParser::outcome() const {
  if (!refused_) return refused_;
  const auto error = HTTP_PARSER_ERRNO(&parser_);
  if (done_ || error == HPE_OK) return {};
  return unavailable(std::string("its answer is no HTTP: ") + http_errno_description(error));
}

Result<std::size_t> ResponseParser::feed(std::string_view bytes) {
  if (done_ || bytes.empty()) return 0;
  std::size_t taken = http_parser_execute(&parser_, &callbacks(), bytes.data(), bytes.size());
  if (auto good = outcome(); !good) return fail(good.error());
  return taken;
}

Result<void> ResponseParser::end() {
  if (done_) return {};
  http_parser_execute(&parser_, &callbacks(), nullptr, 0);
  if (auto good = outcome(); !good) return good;
  if (!done_) return unavailable("the connection was closed in the middle of the answer");
  return {};
}

}  // namespace ottobot::net
