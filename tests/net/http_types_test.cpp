#include "net/http_types.hpp"

#include <gtest/gtest.h>

namespace ottobot::net {
namespace {

TEST(HeadersTest, FindsTheFirstFieldWhateverItsCase) {
  Headers headers{{"Accept", "a"}, {"accept", "b"}};
  EXPECT_EQ(headers.find("ACCEPT"), "a");
  EXPECT_EQ(headers.find("Accept-Encoding"), std::nullopt);
}

TEST(HeadersTest, SetReplacesEveryFieldOfThatName) {
  Headers headers{{"X", "1"}, {"Y", "2"}, {"x", "3"}};
  headers.set("X", "4");
  EXPECT_EQ(headers.size(), 2u);
  EXPECT_EQ(headers.find("x"), "4");
}

TEST(HeadersTest, FindsTokensInCommaListsAcrossFields) {
  const Headers headers{{"Connection", "keep-alive , Upgrade"}, {"connection", "x"}};
  EXPECT_TRUE(headers.has_token("Connection", "upgrade"));
  EXPECT_TRUE(headers.has_token("Connection", "X"));
  EXPECT_FALSE(headers.has_token("Connection", "keep"));
  EXPECT_FALSE(headers.has_token("Upgrade", "upgrade"));
}

TEST(PercentDecodeTest, DecodesEscapesAndKeepsPlus) {
  EXPECT_EQ(percent_decode("a%20b%2Fc+d%c3%A9"), "a b/c+d\xc3\xa9");
  EXPECT_EQ(percent_decode(""), "");
}

TEST(PercentDecodeTest, RefusesBrokenEscapesAndNul) {
  for (const char* text : {"%", "%2", "a%2", "%zz", "%2g", "%00", "a%00b"}) {
    EXPECT_EQ(percent_decode(text), std::nullopt) << text;
  }
  EXPECT_EQ(percent_decode(std::string_view("a\0b", 3)), std::nullopt);
}

TEST(PercentEncodePathTest, KeepsSlashesAndUnreservedAndEscapesTheRest) {
  EXPECT_EQ(percent_encode_path("/a b/c~d-e_f.g/\xc3\xa9?#%"), "/a%20b/c~d-e_f.g/%C3%A9%3F%23%25");
}

TEST(PercentEncodePathTest, IsUndoneByDecoding) {
  std::string all;
  for (int i = 1; i < 256; ++i) all.push_back(static_cast<char>(i));
  EXPECT_EQ(percent_decode(percent_encode_path(all)), all);
}

TEST(ReasonPhraseTest, KnowsStandardStatusesAndNamesOthersUnknown) {
  EXPECT_EQ(reason_phrase(404), "Not Found");
  EXPECT_EQ(reason_phrase(431), "Request Header Fields Too Large");
  EXPECT_EQ(reason_phrase(599), "Unknown");
}

}  // namespace
}  // namespace ottobot::net
