#include "mcp/sse.hpp"

namespace ottobot::mcp {
namespace {

std::vector<std::string> data_of(const std::vector<SseEvent>& events) {
  std::vector<std::string> data;
  for (const auto& event : events) data.push_back(event.type + "=" + event.data);
  return data;
}

std::vector<std::string> parse_all(const std::vector<std::string>& pieces) {
  SseParser parser(1 << 20);
  std::vector<SseEvent> all;
  for (const auto& piece : pieces) {
    auto events = parser.feed(piece);
    EXPECT_TRUE(events.has_value());
    for (auto& event : *events) all.push_back(std::move(event));
  }
  return data_of(all);
}

const std::string kStream =
    "\xEF\xBB\xBF: hello\n\nevent: message\nid: 1\ndata: {\"a\":1}\n\n"
    "data:first\r\ndata: second\r\ndata\r\n\r\n"
    "retry: 250\rid: 2\revent: other\rdata:  kept blank\r\r"
    "unknown: x\n: comment\ndata: \xE4\xB8\x96\n\nevent: dropped\n\ndata: unfinished\n";
const std::vector<std::string> kExpected{"message={\"a\":1}", "message=first\nsecond\n", "other= kept blank",
                                         "message=\xE4\xB8\x96"};

TEST(SseParser, ReadsAllLineEndingsCommentsAndFields) { EXPECT_EQ(parse_all({kStream}), kExpected); }

TEST(SseParser, GivesTheSameEventsWhereverTheStreamIsSplit) {
  for (std::size_t split = 0; split <= kStream.size(); ++split) {
    EXPECT_EQ(parse_all({kStream.substr(0, split), kStream.substr(split)}), kExpected) << "split at " << split;
  }
}

TEST(SseParser, GivesTheSameEventsByteByByte) {
  std::vector<std::string> bytes;
  for (const char c : kStream) bytes.emplace_back(1, c);
  EXPECT_EQ(parse_all(bytes), kExpected);
}

TEST(SseParser, RemembersIdAndRetry) {
  SseParser parser(100);
  ASSERT_TRUE(parser.feed("id: a\nretry: 40\n\nretry: x1\nretry: -3\nid: b\n").has_value());
  EXPECT_EQ(parser.last_event_id(), "b");
  EXPECT_EQ(parser.retry(), std::chrono::milliseconds(40));
}

TEST(SseParser, IgnoresAnIdWithANulCharacter) {
  SseParser parser(100);
  ASSERT_TRUE(parser.feed("id: a\n").has_value());
  ASSERT_TRUE(parser.feed(std::string("id: b\0c\n", 8)).has_value());
  EXPECT_EQ(parser.last_event_id(), "a");
}

TEST(SseParser, AnEventWithEmptyDataIsAnEvent) {
  EXPECT_EQ(parse_all({"id: 1\ndata:\n\n"}), std::vector<std::string>{"message="});
}

TEST(SseParser, RefusesEventsBeyondTheLimit) {
  SseParser parser(16);
  ASSERT_TRUE(parser.feed("data: 12345\n").has_value());
  const auto events = parser.feed("data: 1234567890");
  ASSERT_FALSE(events.has_value());
  EXPECT_EQ(events.error().code, ErrorCode::resource_exhausted);
}

TEST(SseParser, ALimitIsPerEvent) {
  SseParser parser(16);
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(parser.feed("data: 12345\n\n").has_value());
}

}  // namespace
}  // namespace ottobot::mcp
