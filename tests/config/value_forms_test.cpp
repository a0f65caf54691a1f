#include "config/value_forms.hpp"

#include <gtest/gtest.h>

namespace ottobot::config {
namespace {

using std::chrono::milliseconds;

TEST(ValueForms, SizesTakeUnits) {
  EXPECT_EQ(parse_size("2g"), 2ull << 30);
  EXPECT_EQ(parse_size("512M"), 512ull << 20);
  EXPECT_EQ(parse_size("64k"), 64ull << 10);
  EXPECT_EQ(parse_size("10b"), 10ull);
  EXPECT_EQ(parse_size("4096"), 4096ull);
}

TEST(ValueForms, SizesRefuseWhatIsNoSize) {
  for (const char* bad : {"", "g", "-1", "1.5g", "2gb", "0", "99999999999999999999", "9999999999g", " 1"}) {
    EXPECT_FALSE(parse_size(bad)) << bad;
  }
}

TEST(ValueForms, DurationsTakeUnits) {
  EXPECT_EQ(parse_duration("7d"), milliseconds(7LL * 86'400'000));
  EXPECT_EQ(parse_duration("12h"), milliseconds(43'200'000));
  EXPECT_EQ(parse_duration("30m"), milliseconds(1'800'000));
  EXPECT_EQ(parse_duration("45"), milliseconds(45'000));
  EXPECT_EQ(parse_duration("0"), milliseconds(0));
  for (const char* bad : {"", "d", "1w", "-1s", "99999999d"}) EXPECT_FALSE(parse_duration(bad)) << bad;
}

TEST(ValueForms, IntegersKeepToTheirRange) {
  EXPECT_EQ(parse_integer("300", 300, 7200), 300);
  for (const char* bad : {"299", "7201", "abc", "3000x", "", "+5", "1e3"}) {
    auto value = parse_integer(bad, 300, 7200);
    ASSERT_FALSE(value) << bad;
    EXPECT_NE(value.error().message.find("300 to 7200"), std::string::npos);
  }
}

TEST(ValueForms, NumbersAreFiniteAndPositive) {
  EXPECT_EQ(parse_positive_number("0.5"), 0.5);
  for (const char* bad : {"0", "-1", "nan", "inf", "", "1,5"}) EXPECT_FALSE(parse_positive_number(bad)) << bad;
}

TEST(ValueForms, ListsAreTrimmed) {
  EXPECT_EQ(parse_list(" a, b ,,c"), (std::vector<std::string>{"a", "b", "c"}));
  EXPECT_TRUE(parse_list("").empty());
}

TEST(ValueForms, BaseUrlsHaveSchemeAndHostAlone) {
  EXPECT_EQ(parse_base_url("http://127.0.0.1:9999/"), "http://127.0.0.1:9999");
  EXPECT_EQ(parse_base_url("https://models.example"), "https://models.example");
  for (const char* bad : {"", "localhost:80", "ftp://x", "http://", "http://h/v1", "http://u@h"}) {
    EXPECT_FALSE(parse_base_url(bad)) << bad;
  }
}

}  // namespace
}  // namespace ottobot::config
