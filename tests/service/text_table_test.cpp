#include "text_table.hpp"

#include <gtest/gtest.h>

#include <sstream>

#include "terminal_text.hpp"

namespace ottobot::cli {
namespace {

TEST(TerminalText, AModelCannotDriveTheTerminal) {
  EXPECT_EQ(for_terminal("a\x1b[2Jb\tc\nd\x7f"), "a [2Jb\tc\nd ");
  EXPECT_EQ(for_terminal("\xc2\x9b"), " ");
  EXPECT_EQ(for_terminal("gr\xc3\xbc\xc3\x9f \xc2\xa9"), "gr\xc3\xbc\xc3\x9f \xc2\xa9");
  EXPECT_EQ(single_line(" a\n\n\tb\r\nc "), "a b c");
}

TEST(TextTable, ColumnsLineUpByCharacters) {
  std::ostringstream out;
  print_table(out, {"A", "B"}, {{"gr\xc3\xbc\xc3\x9f", "1"}, {"x\ny", "2"}});
  EXPECT_EQ(out.str(), "A     B\ngr\xc3\xbc\xc3\x9f  1\nx y   2\n");
}

TEST(TextTable, LongTextIsCutBetweenCharacters) {
  EXPECT_EQ(ellipsis("abcd", 4), "abcd");
  EXPECT_EQ(ellipsis("abcde", 4), "abc\xe2\x80\xa6");
  EXPECT_EQ(ellipsis("\xc3\xa4\xc3\xb6\xc3\xbc", 2), "\xc3\xa4\xe2\x80\xa6");
}

TEST(TextTable, DurationsAreRough) {
  EXPECT_EQ(rough_duration(-5), "0 s");
  EXPECT_EQ(rough_duration(119), "119 s");
  EXPECT_EQ(rough_duration(3600), "60 min");
  EXPECT_EQ(rough_duration(86400), "24 h");
  EXPECT_EQ(rough_duration(3 * 86400), "3 d");
}

}  // namespace
}  // namespace ottobot::cli
