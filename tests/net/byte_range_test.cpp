#include "net/byte_range.hpp"

#include <gtest/gtest.h>

namespace ottobot::net {
namespace {

const FileVersion kVersion{"\"v1\"", "Sun, 06 Nov 1994 08:49:37 GMT"};

ByteRange range_of(const std::string& range, std::uint64_t size = 10) {
  return requested_range({{"Range", range}}, size, kVersion);
}

TEST(ByteRange, OnePartIsOpenOrClosedOrTheEnd) {
  const std::tuple<const char*, std::uint64_t, std::uint64_t> parts[] = {
      {"bytes=0-0", 0, 1},  {"bytes=2-4", 2, 3},
      {"bytes=9-", 9, 1},   {"bytes=-3", 7, 3},
      {"bytes=-99", 0, 10}, {"bytes=5-99999999999999999999999", 5, 5},
      {"bytes=0-", 0, 10},  {"Bytes=1-18446744073709551615", 1, 9}};
  for (const auto& [text, first, length] : parts) {
    const ByteRange range = range_of(text);
    EXPECT_TRUE(range.partial) << text;
    EXPECT_FALSE(range.unsatisfiable) << text;
    EXPECT_EQ(range.first, first) << text;
    EXPECT_EQ(range.length, length) << text;
    EXPECT_EQ(status_of(range), 206) << text;
  }
}

TEST(ByteRange, WhatLiesBehindTheEndIs416WithTheSize) {
  for (const char* text : {"bytes=10-", "bytes=10-12", "bytes=-0", "bytes=99999999999999999999999-"}) {
    const ByteRange range = range_of(text);
    EXPECT_EQ(status_of(range), 416) << text;
    EXPECT_EQ(headers_of(range, 10, kVersion).find("Content-Range"), "bytes */10");
  }
  EXPECT_EQ(status_of(range_of("bytes=0-", 0)), 416);
}

TEST(ByteRange, WhatIsNoRangeOfBytesAsksForTheWhole) {
  for (const char* text : {"", "bytes=", "bytes=-", "bytes=a-b", "bytes=4-2", "bytes=0-1,3-4", "lines=1-2", "bytes=1",
                           "bytes=+1-2", "bytes= 1-2"}) {
    const ByteRange range = range_of(text);
    EXPECT_EQ(status_of(range), 200) << text;
    EXPECT_EQ(range.length, 10u) << text;
  }
}

TEST(ByteRange, APartOfAnotherVersionIsNotSent) {
  const auto asked = [](const std::string& if_range) {
    return status_of(requested_range({{"Range", "bytes=1-2"}, {"If-Range", if_range}}, 10, kVersion));
  };
  EXPECT_EQ(asked("\"v1\""), 206);
  EXPECT_EQ(asked("Sun, 06 Nov 1994 08:49:37 GMT"), 206);
  EXPECT_EQ(asked("\"v2\""), 200);
  EXPECT_EQ(asked("W/\"v1\""), 200);
  EXPECT_EQ(asked("Sun, 06 Nov 1994 08:49:38 GMT"), 200);
  EXPECT_EQ(asked(""), 200);
  EXPECT_EQ(status_of(requested_range({{"Range", "bytes=1-2"}, {"If-Range", ""}}, 10, {})), 200);
}

TEST(ByteRange, AKnownVersionIsRecognizedInAList) {
  for (const char* known : {"\"v1\"", "W/\"v1\"", "*", "\"a,b\", \"v1\"", "\"v0\",W/\"v1\" , \"v2\""}) {
    EXPECT_TRUE(is_known_version({{"if-none-match", known}}, kVersion)) << known;
  }
  for (const char* other : {"", "\"v2\"", "v1", "\"v1", "\"v10\"", ",", "\"x\" v1"}) {
    EXPECT_FALSE(is_known_version({{"If-None-Match", other}}, kVersion)) << other;
  }
  EXPECT_FALSE(is_known_version({}, kVersion));
  EXPECT_FALSE(is_known_version({{"If-None-Match", "\"\""}}, {}));
}

TEST(ByteRange, TheAnswerNamesPartSizeAndVersion) {
  const Headers part = headers_of(range_of("bytes=2-4"), 10, kVersion);
  EXPECT_EQ(part.find("Content-Range"), "bytes 2-4/10");
  EXPECT_EQ(part.find("Content-Length"), "3");
  EXPECT_EQ(part.find("ETag"), "\"v1\"");
  EXPECT_EQ(part.find("Last-Modified"), "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_FALSE(headers_of(range_of(""), 10, {}).find("Content-Range"));
  EXPECT_EQ(http_date(784111777), "Sun, 06 Nov 1994 08:49:37 GMT");
}

}  // namespace
}  // namespace ottobot::net
