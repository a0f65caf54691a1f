#include "net/client/response_parser.hpp"

#include "fuzz/property.hpp"
#include "fuzz/targets.hpp"

namespace ottobot::fuzz {
namespace {

class Record final : public net::ResponseSink {
 public:
  Result<void> on_head(int status, const net::Headers& headers) override {
    require(!has_head_, "there is one head");
    require(status == 101 || status >= 200, "interim answers are dropped");
    has_head_ = true;
    text_ = std::to_string(status) + "\n";
    for (const auto& [name, value] : headers) text_.append(name).append(": ").append(value).append("\n");
    text_ += "\n";
    return {};
  }
  Result<void> on_body(std::string_view bytes) override {
    require(has_head_, "the head comes first");
    text_ += bytes;
    return {};
  }
  bool has_head() const { return has_head_; }
  std::string text_;

 private:
  bool has_head_ = false;
};

struct Outcome {
  std::string text;
  std::size_t taken = 0;
  bool failed = false;
};

Outcome read(const std::vector<std::string_view>& pieces, bool to_head) {
  Record record;
  net::ResponseParser parser(to_head, record);
  Outcome outcome;
  for (const std::string_view piece : pieces) {
    const auto taken = parser.feed(piece);
    if (!taken) return {record.text_, 0, true};
    require(*taken <= piece.size(), "no more is taken than was given");
    require(*taken == piece.size() || parser.done(), "only what follows the response is left");
    outcome.taken += *taken;
    if (parser.done()) break;
  }
  outcome.failed = !parser.end();
  require(outcome.failed || record.has_head(), "a response has a head");
  outcome.text = std::move(record.text_);
  return outcome;
}

}  // namespace

void http_response(std::string_view input) {
  for (const bool to_head : {false, true}) {
    const Outcome whole = read({input}, to_head), split = read(pieces_of(input), to_head);
    require(whole.failed == split.failed, "splitting does not change whether it is read");
    if (whole.failed) continue;
    require(whole.text == split.text && whole.taken == split.taken, "splitting does not change what is read");
  }
}

}  // namespace ottobot::fuzz
