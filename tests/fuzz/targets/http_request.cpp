#include "net/server/request_parser.hpp"

#include "fuzz/property.hpp"
#include "fuzz/targets.hpp"

namespace ottobot::fuzz {
namespace {

constexpr std::size_t kMaxHeaderBytes = 2 << 10;

std::string written(const net::ParsedRequest& request) {
  std::string text = request.head.method + " " + request.head.target + (request.http_1_0 ? " HTTP/1.0" : " HTTP/1.1");
  text += "\r\n";
  for (const auto& [name, value] : request.head.headers) text.append(name).append(": ").append(value).append("\r\n");
  return text + "\r\n";
}

std::string summary(const net::ParsedRequest& request) {
  return written(request) + request.head.path + "?" + request.head.query + "|" + std::to_string(request.keep_alive) +
         std::to_string(request.expects_continue) + std::to_string(request.chunked) + "|" +
         std::to_string(request.content_length) + "\n";
}

struct Outcome {
  std::vector<net::ParsedRequest> requests;
  std::string text;
};

// All heads of the pieces, one after the other, up to the first refusal.
Outcome read(const std::vector<std::string_view>& pieces) {
  net::RequestParser parser(kMaxHeaderBytes);
  Outcome outcome;
  for (std::string_view piece : pieces) {
    while (!piece.empty()) {
      const std::size_t taken = parser.feed(piece);
      require(taken <= piece.size(), "no more is taken than was given");
      piece.remove_prefix(taken);
      if (parser.refusal()) {
        require(parser.refusal()->status >= 400 && !parser.refusal()->message.empty(), "a refusal says why");
        outcome.text += std::to_string(parser.refusal()->status) + " " + parser.refusal()->message;
        return outcome;
      }
      auto request = parser.take_request();
      require(request || piece.empty(), "what is not taken is behind a head");
      if (!request) continue;
      require(parser.idle(), "the parser is ready for the next head");
      outcome.text += summary(*request);
      outcome.requests.push_back(std::move(*request));
    }
  }
  return outcome;
}

}  // namespace

void http_request(std::string_view input) {
  const Outcome whole = read({input});
  require(whole.text == read(pieces_of(input)).text, "splitting does not change what is read");
  for (const net::ParsedRequest& request : whole.requests) {
    require(!(request.chunked && request.content_length > 0), "a body has one framing");
    require(!request.head.path.empty(), "a request has a path");
    const std::string text = written(request);
    if (text.size() >= kMaxHeaderBytes) continue;  // two bytes longer for every field without a blank
    require(read({text}).text == summary(request), "a head that is written anew reads the same");
  }
}

}  // namespace ottobot::fuzz
