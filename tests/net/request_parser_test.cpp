#include "net/server/request_parser.hpp"

#include <gtest/gtest.h>

#include "net/server/body_decoder.hpp"

namespace ottobot::net {
namespace {

constexpr std::size_t kLimit = 8 << 10;

struct Outcome {
  int status = 0;  // of the refusal; 0 = none
  std::optional<ParsedRequest> request;
  std::size_t taken = 0;
};

Outcome parse(std::string_view bytes, std::size_t step = 1 << 20) {
  RequestParser parser(kLimit);
  Outcome outcome;
  while (outcome.taken < bytes.size()) {
    const std::size_t taken = parser.feed(bytes.substr(outcome.taken, step));
    outcome.taken += taken;
    if (parser.refusal()) {
      outcome.status = parser.refusal()->status;
      return outcome;
    }
    outcome.request = parser.take_request();
    if (outcome.request || taken == 0) return outcome;
  }
  return outcome;
}

std::string head(const std::string& fields, const std::string& line = "GET / HTTP/1.1") {
  return line + "\r\nHost: x\r\n" + fields + "\r\n";
}

TEST(RequestParserTest, ReadsTheHeadAndLeavesTheRest) {
  const std::string bytes =
      "POST /a/%20b?q=1&r HTTP/1.1\r\nHost: h:1\r\nX-Empty:\r\nX-A:  v w \t\r\nContent-Length: 3\r\n\r\nabc";
  for (const std::size_t step : {1u, 2u, 3u, 7u, 1000u}) {
    const auto outcome = parse(bytes, step);
    ASSERT_TRUE(outcome.request) << step;
    const ParsedRequest& request = *outcome.request;
    EXPECT_EQ(outcome.taken, bytes.size() - 3);
    EXPECT_EQ(request.head.method, "POST");
    EXPECT_EQ(request.head.target, "/a/%20b?q=1&r");
    EXPECT_EQ(request.head.path, "/a/%20b");
    EXPECT_EQ(request.head.query, "q=1&r");
    EXPECT_EQ(request.head.headers.find("x-empty"), "");
    EXPECT_EQ(request.head.headers.find("x-a"), "v w");
    EXPECT_EQ(request.content_length, 3u);
    EXPECT_TRUE(request.keep_alive);
    EXPECT_FALSE(request.chunked);
  }
}

TEST(RequestParserTest, IsReadyForTheNextHead) {
  RequestParser parser(kLimit);
  const std::string one = head(""), two = head("X: 2\r\n", "PUT /two HTTP/1.1");
  EXPECT_EQ(parser.feed(one + two), one.size());
  EXPECT_EQ(parser.take_request()->head.path, "/");
  EXPECT_TRUE(parser.idle());
  EXPECT_EQ(parser.feed(two), two.size());
  EXPECT_EQ(parser.take_request()->head.path, "/two");
}

TEST(RequestParserTest, UnderstandsTheFormsOfTargets) {
  const auto path = [](const std::string& target, const std::string& method = "GET") {
    const auto outcome = parse(head("", method + " " + target + " HTTP/1.1"));
    return outcome.request ? outcome.request->head.path + "|" + outcome.request->head.query
                           : std::to_string(outcome.status);
  };
  EXPECT_EQ(path("http://h:80/p?q"), "/p|q");
  EXPECT_EQ(path("http://h"), "/|");
  EXPECT_EQ(path("http://h?q"), "/|q");
  EXPECT_EQ(path("*", "OPTIONS"), "*|");
  EXPECT_EQ(path("/a//b/../c?x?y"), "/a//b/../c|x?y");
  EXPECT_EQ(path("h:443", "CONNECT"), "400");
  EXPECT_EQ(path("nopath"), "400");
}

TEST(RequestParserTest, ReadsConnectionAndExpectation) {
  EXPECT_FALSE(parse(head("Connection: Close\r\n")).request->keep_alive);
  EXPECT_FALSE(parse("GET / HTTP/1.0\r\n\r\n").request->keep_alive);
  EXPECT_TRUE(parse("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n").request->keep_alive);
  EXPECT_TRUE(parse(head("Expect: 100-Continue\r\n")).request->expects_continue);
  EXPECT_EQ(parse(head("Expect: more\r\n")).status, 417);
  EXPECT_TRUE(parse(head("Transfer-Encoding: Chunked\r\n")).request->chunked);
}

TEST(RequestParserTest, SkipsAnEmptyLineBeforeTheRequest) {
  EXPECT_TRUE(parse("\r\n" + head("")).request);
  std::string many;
  for (int i = 0; i < 20; ++i) many += "\r\n";
  EXPECT_EQ(parse(many + head("")).status, 400);
}

struct Attack {
  const char* name;
  std::string bytes;
  int status = 400;
};

class SmugglingTest : public ::testing::TestWithParam<Attack> {};

TEST_P(SmugglingTest, IsRefused) {
  for (const std::size_t step : {1u, 5u, 100000u}) {
    const auto outcome = parse(GetParam().bytes, step);
    EXPECT_FALSE(outcome.request) << "in steps of " << step;
    EXPECT_EQ(outcome.status, GetParam().status) << "in steps of " << step;
  }
}

INSTANTIATE_TEST_SUITE_P(
    Rfc9112, SmugglingTest,
    ::testing::Values(
        Attack{"EncodingAndLength", head("Transfer-Encoding: chunked\r\nContent-Length: 3\r\n")},
        Attack{"LengthAndEncoding", head("Content-Length: 3\r\nTransfer-Encoding: chunked\r\n")},
        Attack{"DifferingLengths", head("Content-Length: 3\r\nContent-Length: 4\r\n")},
        Attack{"LengthList", head("Content-Length: 3, 4\r\n")}, Attack{"SignedLength", head("Content-Length: +3\r\n")},
        Attack{"NegativeLength", head("Content-Length: -3\r\n")}, Attack{"HexLength", head("Content-Length: 0x3\r\n")},
        Attack{"EmptyLength", head("Content-Length:\r\n")},
        Attack{"HugeLength", head("Content-Length: 99999999999999999999\r\n")},
        Attack{"LengthOverInt64", head("Content-Length: 9223372036854775808\r\n")},
        Attack{"EncodingTwice", head("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n")},
        Attack{"UnknownEncoding", head("Transfer-Encoding: gzip, chunked\r\n")},
        Attack{"ChunkedNotLast", head("Transfer-Encoding: chunked, identity\r\n")},
        Attack{"ObscuredEncoding", head("Transfer-Encoding: xchunked\r\n")},
        Attack{"EncodingInHttp10", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"},
        Attack{"SpaceBeforeColon", head("Content-Length : 3\r\n")}, Attack{"SpaceInName", head("X Y: 3\r\n")},
        Attack{"EmptyName", head(": 3\r\n")}, Attack{"NoColon", head("garbage\r\n")},
        Attack{"FoldedLine", head("X: a\r\n b\r\n")}, Attack{"FoldedByTab", head("X: a\r\n\tb\r\n")},
        Attack{"BareLf", "GET / HTTP/1.1\nHost: x\n\n"}, Attack{"OneBareLf", head("X: a\nY: b\r\n")},
        Attack{"BareCr", head("X: a\rY: b\r\n")}, Attack{"Nul", head(std::string("X: a\0b\r\n", 8))},
        Attack{"ControlInValue", head("X: a\x01\r\n")}, Attack{"NoHost", "GET / HTTP/1.1\r\n\r\n"},
        Attack{"TwoHosts", head("Host: y\r\n")}, Attack{"HostWithPath", "GET / HTTP/1.1\r\nHost: x/y\r\n\r\n"},
        Attack{"HostList", "GET / HTTP/1.1\r\nHost: x, y\r\n\r\n"}, Attack{"Http09", "GET /\r\n\r\n"},
        Attack{"Http2", head("", "GET / HTTP/2.0"), 505}, Attack{"BadVersion", head("", "GET / HTTP/x")},
        Attack{"SpaceInTarget", head("", "GET /a b HTTP/1.1")}, Attack{"Fragment", head("", "GET /a#b HTTP/1.1")},
        Attack{"LowerCaseMethod", head("", "get / HTTP/1.1")}, Attack{"UnknownMethod", head("", "FROB / HTTP/1.1")},
        Attack{"Tls", std::string("\x16\x03\x01\x02\x00\x01\x00\x01", 8)},
        Attack{"LongTarget", head("", "GET /" + std::string(kLimit, 'a') + " HTTP/1.1"), 414},
        Attack{"LongField", head("X: " + std::string(kLimit, 'a') + "\r\n"), 431},
        Attack{"EndlessField", "GET / HTTP/1.1\r\nX: " + std::string(2 * kLimit, 'a'), 431}),
    [](const auto& param) { return param.param.name; });

struct Decoded {
  std::string body;
  std::size_t taken = 0;
  bool done = false;
  bool failed = false;
};

Decoded decode_chunked(std::string_view bytes, std::size_t step = 1 << 20) {
  BodyDecoder decoder;
  decoder.expect_chunked();
  Decoded result;
  while (result.taken < bytes.size() && !decoder.done() && !decoder.failed()) {
    result.taken += decoder.decode(bytes.substr(result.taken, step), result.body);
  }
  result.done = decoder.done();
  result.failed = decoder.failed();
  return result;
}

TEST(BodyDecoderTest, DecodesChunksInAnyPieces) {
  const std::string bytes = "5\r\nhello\r\n00a;x=\"y\"\r\n, chunked!\r\n0\r\nTrailer: t\r\n\r\n";
  for (std::size_t step = 1; step <= bytes.size(); ++step) {
    const auto result = decode_chunked(bytes + "GET", step);
    EXPECT_TRUE(result.done) << step;
    EXPECT_EQ(result.body, "hello, chunked!") << step;
    EXPECT_EQ(result.taken, bytes.size()) << step;
  }
}

TEST(BodyDecoderTest, TakesExactlyTheDeclaredLength) {
  BodyDecoder decoder;
  decoder.expect_length(5);
  std::string body;
  EXPECT_EQ(decoder.decode("abc", body), 3u);
  EXPECT_FALSE(decoder.done());
  EXPECT_EQ(decoder.decode("deGET", body), 2u);
  EXPECT_TRUE(decoder.done());
  EXPECT_EQ(body, "abcde");
  decoder.expect_length(0);
  EXPECT_TRUE(decoder.done());
}

TEST(BodyDecoderTest, RefusesEveryDefectOfChunks) {
  const std::string long_text(9000, 'x');
  for (const std::string& bytes : {std::string("x\r\n"),
                                   std::string("\r\n"),
                                   std::string(";a\r\n"),
                                   std::string("-1\r\n"),
                                   std::string("0x5\r\n"),
                                   std::string(" 5\r\n"),
                                   std::string("5 \r\n"),
                                   std::string("5\n"),
                                   std::string("5\rx"),
                                   std::string("5;a\nb\r\n"),
                                   std::string("5;a\0b\r\n", 7),
                                   std::string("5\r\nhelloX\r\n"),
                                   std::string("5\r\nhello\n"),
                                   std::string("5\r\nhello\rX"),
                                   std::string("1234567890123456\r\n"),
                                   std::string("0000000000000001\r\n"),
                                   std::string("0\r\nT: a\nU: b\r\n\r\n"),
                                   std::string("0\r\n folded\r\n\r\n"),
                                   std::string("0\r\n\rX"),
                                   "1;" + long_text + "\r\n",
                                   "0\r\nT: " + long_text + "\r\n\r\n"}) {
    const auto result = decode_chunked(bytes);
    EXPECT_TRUE(result.failed) << bytes.substr(0, 40);
    EXPECT_FALSE(result.done);
  }
}

}  // namespace
}  // namespace ottobot::net
