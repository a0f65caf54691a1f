// Both readers of event streams: ours towards MCP peers, and the one towards models.
#include "llm/sse.hpp"
#include "fuzz/property.hpp"
#include "fuzz/targets.hpp"
#include "mcp/sse.hpp"

namespace ottobot::fuzz {
namespace {

constexpr std::size_t kMaxEventBytes = 1 << 10;

struct Stream {
  std::vector<std::pair<std::string, std::string>> events;  // type, data
  std::string rest;                                         // what else the reader tells
  bool operator==(const Stream&) const = default;
};

Stream read_from_peer(const std::vector<std::string_view>& pieces, std::size_t max_event_bytes) {
  mcp::SseParser parser(max_event_bytes);
  Stream stream;
  for (const std::string_view piece : pieces) {
    auto events = parser.feed(piece);
    if (!events) return {{}, events.error().message};
    for (auto& event : *events) stream.events.emplace_back(std::move(event.type), std::move(event.data));
  }
  stream.rest = parser.last_event_id() + "|" + (parser.retry() ? std::to_string(parser.retry()->count()) : "");
  return stream;
}

Stream read_from_model(const std::vector<std::string_view>& pieces) {
  llm::SseParser parser;
  Stream stream;
  const auto take = [&](std::vector<llm::SseEvent> events) {
    for (auto& event : events) stream.events.emplace_back(std::move(event.type), std::move(event.data));
  };
  for (const std::string_view piece : pieces) take(parser.feed(piece));
  stream.rest = parser.stray();
  return stream;
}

std::string written(const Stream& stream) {
  std::string text;
  for (const auto& [type, data] : stream.events) {
    text += "event: " + type + "\ndata: ";
    for (const char c : data) text += c == '\n' ? std::string("\ndata: ") : std::string(1, c);
    text += "\n\n";
  }
  return text;
}

}  // namespace

void sse(std::string_view input) {
  const auto pieces = pieces_of(input);
  const Stream peer = read_from_peer({input}, input.size() + 1);
  require(peer == read_from_peer(pieces, input.size() + 1), "splitting does not change what a peer said");
  const Stream bounded = read_from_peer({input}, kMaxEventBytes);
  require(bounded.rest == read_from_peer(pieces, kMaxEventBytes).rest, "splitting does not change what is too large");

  const Stream model = read_from_model({input});
  require(model == read_from_model(pieces), "splitting does not change what a model said");
  require(model.events.size() == peer.events.size(), "both readers see the same events");
  for (std::size_t i = 0; i < model.events.size(); ++i) {
    require(model.events[i].second == peer.events[i].second, "both readers see the same data");
  }
  require(read_from_model({written(model)}).events == model.events, "events that are written anew read the same");
}

}  // namespace ottobot::fuzz
