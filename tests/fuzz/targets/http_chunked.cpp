#include "net/server/body_decoder.hpp"

#include <cstdio>

#include "fuzz/property.hpp"
#include "fuzz/targets.hpp"

namespace ottobot::fuzz {
namespace {

struct Outcome {
  std::string body;
  std::size_t taken = 0;
  bool done = false, failed = false;
  bool operator==(const Outcome&) const = default;
};

Outcome read(const std::vector<std::string_view>& pieces) {
  net::BodyDecoder decoder;
  decoder.expect_chunked();
  Outcome outcome;
  for (const std::string_view piece : pieces) {
    const std::size_t taken = decoder.decode(piece, outcome.body);
    require(taken <= piece.size(), "no more is taken than was given");
    outcome.taken += taken;
    if (decoder.done() || decoder.failed()) break;
    require(taken == piece.size(), "bytes are left only at the end or at a defect");
  }
  outcome.done = decoder.done();
  outcome.failed = decoder.failed();
  return outcome;
}

std::string in_chunks(std::string_view body) {
  std::string text;
  for (const std::string_view piece : pieces_of(body)) {
    char size[20];
    std::snprintf(size, sizeof size, "%zx\r\n", piece.size());
    text.append(size).append(piece).append("\r\n");
  }
  return text + "0\r\n\r\n";
}

}  // namespace

void http_chunked(std::string_view input) {
  const Outcome whole = read({input});
  require(whole == read(pieces_of(input)), "splitting does not change what is read");
  require(whole.body.size() <= input.size(), "a body is no longer than its chunks");
  const std::string text = in_chunks(input);
  const Outcome again = read({text});
  require(again.done && again.body == input && again.taken == text.size(), "what is written in chunks reads the same");
}

}  // namespace ottobot::fuzz
