#include "config/key_value_file.hpp"

#include <gtest/gtest.h>

namespace ottobot::config {
namespace {

std::string value_of(const std::string& line) {
  auto pairs = parse_key_values(line, "f");
  EXPECT_TRUE(pairs) << (pairs ? "" : pairs.error().message);
  return pairs && pairs->size() == 1 ? pairs->front().value : "<none>";
}

TEST(KeyValueFile, SkipsCommentsAndBlankLinesAndCountsLines) {
  auto pairs = parse_key_values("# head\n\nA=1\r\n  # more\n export B = two words \n", "f");
  ASSERT_TRUE(pairs);
  ASSERT_EQ(pairs->size(), 2u);
  EXPECT_EQ((*pairs)[0].key, "A");
  EXPECT_EQ((*pairs)[0].value, "1");
  EXPECT_EQ((*pairs)[0].line, 3);
  EXPECT_EQ((*pairs)[1].key, "B");
  EXPECT_EQ((*pairs)[1].value, "two words");
  EXPECT_EQ((*pairs)[1].line, 5);
}

TEST(KeyValueFile, ReadsQuotedValues) {
  EXPECT_EQ(value_of(R"(A="a # b" # note)"), "a # b");
  EXPECT_EQ(value_of(R"(A="x\n\"y\"\$\q")"), "x\n\"y\"$\\q");
  EXPECT_EQ(value_of(R"(A='raw \n $X')"), R"(raw \n $X)");
}

TEST(KeyValueFile, EndsBareValuesAtComments) {
  EXPECT_EQ(value_of("A=v # note"), "v");
  EXPECT_EQ(value_of("A=v#w"), "v#w");
  EXPECT_EQ(value_of("A= # note"), "");
  EXPECT_EQ(value_of("A="), "");
  EXPECT_EQ(value_of("A=b=c"), "b=c");
}

TEST(KeyValueFile, NamesFileAndLineOfADefect) {
  for (const char* bad : {"A=1\nno pair", "A=1\n=x", "A=1\n1A=x", "A=1\nA B=x", "A=1\nA=\"open", "A=1\nA='x' y"}) {
    auto pairs = parse_key_values(bad, "my.conf");
    ASSERT_FALSE(pairs) << bad;
    EXPECT_EQ(pairs.error().code, ErrorCode::invalid_argument);
    EXPECT_NE(pairs.error().message.find("my.conf:2"), std::string::npos) << pairs.error().message;
  }
}

}  // namespace
}  // namespace ottobot::config
