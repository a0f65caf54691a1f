#include "json_schema/ecma_pattern.hpp"

#include <gtest/gtest.h>

#include "json_schema/pattern.hpp"

namespace ottobot::json_schema {
namespace {

bool finds(const std::string& pattern, std::string_view text) {
  const auto compiled = Pattern::compile(pattern);
  EXPECT_TRUE(compiled) << (compiled ? "" : compiled.error().message);
  return compiled && compiled->find_in(text) == Pattern::Match::yes;
}

TEST(Pattern, IsSearchedAnywhereAndAnchoredByItself) {
  EXPECT_TRUE(finds("b+", "abbc"));
  EXPECT_FALSE(finds("^b+$", "abbc"));
  EXPECT_FALSE(finds("^b$", "b\n"));
}

TEST(Pattern, HasTheMeaningOfEcma) {
  EXPECT_TRUE(finds("^\\s$", "\u00a0"));
  EXPECT_TRUE(finds("^[\\s,]$", "\ufeff"));
  EXPECT_FALSE(finds("^\\S$", "\u2003"));
  EXPECT_FALSE(finds("^\\d$", "\u07c0"));
  EXPECT_FALSE(finds("^\\w$", "é"));
  EXPECT_FALSE(finds("^.$", "\u2028"));
  EXPECT_TRUE(finds("^.$", "\U0001F600"));
  EXPECT_TRUE(finds("^\\uD83D\\uDE00$", "\U0001F600"));
  EXPECT_TRUE(finds("^\\u{1F600}$", "\U0001F600"));
  EXPECT_TRUE(finds("^\\p{Letter}+$", "école"));
  EXPECT_TRUE(finds("^\\p{Script=Greek}+$", "λόγος"));
  EXPECT_TRUE(finds("^\\cA\\v\\0$", std::string_view("\x01\x0b\0", 3)));
  EXPECT_TRUE(finds("^[[:a]$", ":"));
  EXPECT_TRUE(finds("^[^]$", "\n"));
  EXPECT_FALSE(finds("[]", "a"));
  EXPECT_TRUE(finds("^(?<year>\\d{4})-\\k<year>$", "2026-2026"));
  EXPECT_TRUE(finds("^a\\-b\\/c$", "a-b/c"));
}

TEST(Pattern, RefusesWhatOnlyOtherDialectsKnow) {
  for (const char* pattern : {"\\Aa\\Z", "(?i)a", "(?R)", "(*ACCEPT)", "\\Qa\\E", "\\a", "(?P<n>a)", "(?#x)", "[a", "(",
                              "\\", "*a", "\\p{", "\\xZZ"}) {
    EXPECT_FALSE(Pattern::compile(pattern)) << pattern;
  }
}

TEST(Pattern, GivesUpOnWhatWouldTakeForEver) {
  const auto compiled = Pattern::compile("^(a+)+$");
  ASSERT_TRUE(compiled);
  EXPECT_EQ(compiled->find_in(std::string(5000, 'a') + "b"), Pattern::Match::gave_up);
}

TEST(Pattern, InvalidUtf8IsNoText) {
  EXPECT_FALSE(finds("^.$", "\xff"));
  EXPECT_TRUE(finds("ok$", "\xff ok"));
}

}  // namespace
}  // namespace ottobot::json_schema
