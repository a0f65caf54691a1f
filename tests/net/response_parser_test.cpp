#include "net/client/response_parser.hpp"

#include <gtest/gtest.h>

namespace ottobot::net {
namespace {

struct Answer final : ResponseSink {
  Result<void> on_head(int new_status, const Headers& new_headers) override {
    status = new_status;
    headers = new_headers;
    return refuse_head ? Result<void>(cancelled("no more")) : Result<void>{};
  }
  Result<void> on_body(std::string_view bytes) override {
    body += bytes;
    return {};
  }
  int status = 0;
  Headers headers;
  std::string body;
  bool refuse_head = false;
};

// In pieces of `step` bytes; what was not taken is left in `rest`.
Result<void> read(std::string_view bytes, Answer& answer, std::size_t step, std::string* rest = nullptr,
                  bool to_head = false) {
  ResponseParser parser(to_head, answer);
  while (!bytes.empty() && !parser.done()) {
    const auto taken = parser.feed(bytes.substr(0, step));
    if (!taken) return fail(taken.error());
    bytes.remove_prefix(*taken);
  }
  if (rest != nullptr) *rest = bytes;
  return parser.end();
}

TEST(ResponseParser, ReadsEveryFraming) {
  const std::pair<const char*, const char*> cases[] = {
      {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", "hello"},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;a=b\r\nhe\r\n3\r\nllo\r\n0\r\nT: v\r\n\r\n", "hello"},
      {"HTTP/1.0 200 OK\r\n\r\nhello", "hello"},
      {"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhello", "hello"},
      {"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", ""},
      {"HTTP/1.1 204 No Content\r\n\r\n", ""},
      {"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", ""},
  };
  for (const auto& [bytes, body] : cases) {
    for (const std::size_t step : {1, 3, 1000}) {
      Answer answer;
      const auto done = read(bytes, answer, step);
      EXPECT_TRUE(done) << bytes << ": " << done.error().to_string();
      EXPECT_EQ(answer.body, body) << bytes;
    }
  }
}

TEST(ResponseParser, DropsInterimAnswersAndLeavesWhatFollows) {
  for (const std::size_t step : {1, 1000}) {
    Answer answer;
    std::string rest;
    ASSERT_TRUE(
        read("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"
             "HTTP/1.1 201 Created\r\nX-A:  b c \t\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\n\r\n",
             answer, step, &rest));
    EXPECT_EQ(answer.status, 201);
    EXPECT_EQ(answer.headers.find("x-a"), "b c");
    EXPECT_FALSE(answer.headers.find("Link")) << "of another answer";
    EXPECT_EQ(answer.body, "ok");
    EXPECT_EQ(rest, "HTTP/1.1 200 OK\r\n\r\n");
  }
}

TEST(ResponseParser, AnAnswerToHeadHasNoBody) {
  Answer answer;
  ASSERT_TRUE(read("HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n", answer, 1000, nullptr, true));
  EXPECT_EQ(answer.headers.find("Content-Length"), "500");
}

TEST(ResponseParser, ASwitchOfProtocolsEndsIt) {
  for (const std::size_t step : {1, 1000}) {
    Answer answer;
    ResponseParser parser(false, answer);
    std::string_view bytes =
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n\x81\x02hi";
    while (!parser.done()) bytes.remove_prefix(parser.feed(bytes.substr(0, step)).value());
    EXPECT_TRUE(parser.switched_protocols());
    EXPECT_EQ(bytes, "\x81\x02hi");
  }
}

TEST(ResponseParser, SaysWhatIsWrong) {
  const char* bad[] = {"SSH-2.0-OpenSSH\r\n",
                       "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
                       "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel",
                       "HTTP/1.1 200 OK\r\nA: b",
                       "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
                       ""};
  for (const char* bytes : bad) {
    Answer answer;
    const auto done = read(bytes, answer, 1000);
    ASSERT_FALSE(done) << bytes;
    EXPECT_EQ(done.error().code, ErrorCode::unavailable);
    EXPECT_FALSE(done.error().message.empty());
  }
  Answer huge;
  EXPECT_FALSE(read("HTTP/1.1 200 OK\r\nA: " + std::string(200 << 10, 'x'), huge, 1000));
}

TEST(ResponseParser, TheSinkCanEndIt) {
  Answer answer;
  answer.refuse_head = true;
  const auto done = read("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", answer, 1000);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, ErrorCode::cancelled);
  EXPECT_EQ(answer.body, "");
}

}  // namespace
}  // namespace ottobot::net
