#include "sandboxd/edit.hpp"

#include <sys/stat.h>

#include "sandboxd/tool_fixture.hpp"

namespace ottobot::sandboxd {
namespace {

using ::testing::HasSubstr;

struct EditCase {
  const char* name;
  std::string content, old_text, new_text;
  std::string expected;  // the new content, or a part of the refusal
};

void PrintTo(const EditCase& one, std::ostream* out) { *out << one.name; }

class Edited : public ::testing::TestWithParam<EditCase> {};

TEST_P(Edited, GivesTheNewTextOrSaysWhy) {
  const auto edited = replace_text(GetParam().content, {GetParam().old_text, GetParam().new_text, false});
  if (edited) {
    EXPECT_EQ(edited->text, GetParam().expected);
  } else {
    EXPECT_THAT(edited.error().message, HasSubstr(GetParam().expected));
  }
}

const std::string kProgram = "def f():\n\tif a:\n\t\treturn  1\n\nx = 1\nx = 2\n";

INSTANTIATE_TEST_SUITE_P(
    All, Edited,
    ::testing::Values(
        EditCase{"Unique", kProgram, "x = 2", "y = 2", "def f():\n\tif a:\n\t\treturn  1\n\nx = 1\ny = 2\n"},
        EditCase{"Several", kProgram, "x =", "y =", "occurs 2 times in the file, in lines 5, 6"},
        EditCase{"OtherIndent", kProgram, "    if a:", "z", "with other white space it is in line 2:\n2: \tif a:\n"},
        EditCase{"OtherSpacing", kProgram, "return 1", "z", "with other white space it is in line 3:"},
        EditCase{"OtherSpaceOverLines", kProgram, "f():\n  if a", "z", "in lines 1–2:\n1: def f():\n2: \tif a:\n"},
        EditCase{"Misspelt", kProgram, "retrun  1", "z", "the nearest is in line 3:\n3: \t\treturn  1\n"},
        EditCase{"NothingNear", kProgram, "quite another thing", "z", "does not occur in the file"},
        EditCase{"EmptyOld", kProgram, "", "z", "old_text: must not be empty"},
        EditCase{"SameTexts", kProgram, "x", "x", "new_text: must differ"},
        EditCase{"EmptyFile", "", "x", "y", "does not occur in the file"},
        EditCase{"Crlf", "a\r\nb\r\nc\r\n", "a\nb", "A\nB\nB2", "A\r\nB\r\nB2\r\nc\r\n"},
        EditCase{"LfPartOfMixed", "a\r\nb\nc\n", "b\nc", "B\nC", "a\r\nB\nC\n"},
        EditCase{"ByteOrderMark", "\xEF\xBB\xBFone\ntwo", "one", "1",
                 "\xEF\xBB\xBF"
                 "1\ntwo"},
        EditCase{"NotUtf8", "caf\xe9 x\n", "x", "y", "caf\xe9 y\n"}),
    [](const auto& test) { return test.param.name; });

class EditToolTest : public ToolFixture {};

TEST_F(EditToolTest, LeavesBinaryFilesAlone) {
  workspace_.write("f", std::string("\0abc", 4));
  EXPECT_THAT(text(call("edit_file", {{"path", "f"}, {"old_text", "abc"}, {"new_text", "x"}})),
              HasSubstr("is a binary file"));
}

TEST_F(EditToolTest, KeepsTheMode) {
  workspace_.write("f.sh", "echo 1\n");
  ::chmod((workspace_ / "f.sh").c_str(), 0750);
  EXPECT_EQ(text(call("edit_file", {{"path", "f.sh"}, {"old_text", "1"}, {"new_text", "2"}})),
            "Successfully edited f.sh (1 replacement):\n-echo 1\n+echo 2\n");
  struct stat info {};
  ASSERT_EQ(::stat((workspace_ / "f.sh").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 0750U);
}

TEST_F(EditToolTest, ACommandThatChangesAReadFileMakesItStale) {
  call("write_file", {{"path", "f"}, {"content", "one\n"}});
  call("execute_command", {{"command", "echo two >> f"}});
  EXPECT_THAT(text(call("edit_file", {{"path", "f"}, {"old_text", "one"}, {"new_text", "1"}})),
              HasSubstr("has changed since it was last read"));
}

}  // namespace
}  // namespace ottobot::sandboxd
