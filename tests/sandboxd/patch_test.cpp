#include "sandboxd/patch.hpp"

#include <sys/stat.h>

#include "sandboxd/tool_fixture.hpp"

namespace ottobot::sandboxd {
namespace {

using ::testing::HasSubstr;

Result<std::string> patched(const std::string& content, const std::string& hunks) {
  const auto patch = parse_patch("--- a/f\n+++ b/f\n" + hunks);
  if (!patch) return fail(patch.error());
  return apply_hunks(content, patch->at(0).hunks);
}

TEST(Patch, AnAnchorThatIsNotThereIsAConflictWhateverTheFile) {
  for (const char* content : {"", "one line\n", "a\nb\nc\n"}) {
    const auto hunks = parse_patch("*** Begin Patch\n*** Update File: f\n@@ nowhere\n-bar\n+baz\n*** End Patch");
    ASSERT_TRUE(hunks) << hunks.error().to_string();
    const auto applied = apply_hunks(content, hunks->at(0).hunks);
    ASSERT_FALSE(applied) << content;
    EXPECT_EQ(applied.error().code, ErrorCode::conflict);
  }
}

TEST(Patch, AddedLinesGoBehindTheLineThatIsNamed) {
  EXPECT_EQ(patched("a\nb\n", "@@ -1,0 +2,1 @@\n+x\n").value_or("refused"), "a\nx\nb\n");
  EXPECT_EQ(patched("a\nb\n", "@@ -0,0 +1,1 @@\n+x\n").value_or("refused"), "x\na\nb\n");
}

TEST(Patch, LaterHunksFollowWhatEarlierOnesAdded) {
  EXPECT_EQ(patched("a\nb\nc\nd\n", "@@ -1,0 +2,2 @@\n+1\n+2\n@@ -3,0 +6,1 @@\n+3\n").value_or("refused"),
            "a\n1\n2\nb\nc\n3\nd\n");
}

struct PatchCase {
  const char* name;
  std::string content, patch;  // of the file "f"
  std::string expected;        // the new content, or a part of the refusal
};

void PrintTo(const PatchCase& one, std::ostream* out) { *out << one.name; }

std::string update(const std::string& hunks) {
  return "*** Begin Patch\n*** Update File: f\n" + hunks + "*** End Patch\n";
}
std::string unified(const std::string& hunks) { return "--- a/f\n+++ b/f\n" + hunks; }

class Patched : public ::testing::TestWithParam<PatchCase> {};

TEST_P(Patched, GivesTheNewTextOrSaysWhy) {
  const PatchCase& one = GetParam();
  const auto patches = parse_patch(one.patch);
  const auto text =
      patches ? apply_hunks(one.content, patches->at(0).hunks) : Result<std::string>(fail(patches.error()));
  if (text) {
    EXPECT_EQ(*text, one.expected);
  } else {
    EXPECT_THAT(text.error().message, HasSubstr(one.expected));
  }
}

const std::string kClasses = "class A:\n  def f():\n    pass\nclass B:\n  def f():\n    pass\n";

INSTANTIATE_TEST_SUITE_P(
    Fitting, Patched,
    ::testing::Values(
        PatchCase{"Anchor", kClasses, update("@@ class B:\n   def f():\n-    pass\n+    return\n"),
                  "class A:\n  def f():\n    pass\nclass B:\n  def f():\n    return\n"},
        PatchCase{"NestedAnchors", kClasses, update("@@ class B:\n@@   def f():\n-    pass\n+    return\n"),
                  "class A:\n  def f():\n    pass\nclass B:\n  def f():\n    return\n"},
        PatchCase{"EndOfFile", "a\nb\na\nb\n", update("@@\n a\n-b\n+c\n*** End of File\n"), "a\nb\na\nc\n"},
        PatchCase{"AppendedAtTheEnd", "a\n", update("@@\n+b\n"), "a\nb\n"},
        PatchCase{"ContextStaysAsTheFileHasIt", "  a  \n\tb \nc\n", update("@@\n a\n-b\n+B\n c\n"), "  a  \nB\nc\n"},
        PatchCase{"TypographicQuotes", "\u201Cq\u201D \u2014 x\nb\n", update("@@\n \"q\" - x\n-b\n+c\n"),
                  "\u201Cq\u201D \u2014 x\nc\n"},
        PatchCase{"Crlf", "a\r\nb\r\n", update("@@\n a\n-b\n+c\n+d\n"), "a\r\nc\r\nd\r\n"},
        PatchCase{"MixedEndsStay", "a\r\nb\nc\r\n", update("@@\n-c\n+C\n"), "a\r\nb\nC\r\n"},
        PatchCase{"ByteOrderMark",
                  "\xEF\xBB\xBF"
                  "a\nb\n",
                  update("@@\n-a\n+A\n"),
                  "\xEF\xBB\xBF"
                  "A\nb\n"},
        PatchCase{"MissingFinalNewlineStays", "a\nb", update("@@\n-b\n+c\n"), "a\nc"},
        PatchCase{"FinalNewlineAdded", "a\nb", unified("@@ -1,2 +1,2 @@\n a\n-b\n\\ No newline at end of file\n+b\n"),
                  "a\nb\n"},
        PatchCase{"FinalNewlineRemoved", "a\nb\n",
                  unified("@@ -1,2 +1,2 @@\n a\n-b\n+b\n\\ No newline at end of file\n"), "a\nb"},
        PatchCase{"BlankLineBeforeTheEnd", "a\nb\n", update("@@\n a\n-b\n+c\n\n"), "a\nc\n"},
        PatchCase{"WrongNumbers", "x\na\nb\n", unified("@@ -40,2 +40,2 @@\n a\n-b\n+B\n"), "x\na\nB\n"},
        PatchCase{"NumbersBeyondEveryFile", "a\nb\n",
                  unified("@@ -1 +1,2 @@\n-a\n+x\n+y\n@@ -9223372036854775808 +3 @@\n-b\n+B\n"), "x\ny\nB\n"},
        PatchCase{"NumbersChooseAmongEqualPlaces", "a\na\na\n", unified("@@ -2 +2 @@\n-a\n+b\n"), "a\nb\na\n"},
        PatchCase{"InAFence", "a\n", "```\n" + update("@@\n-a\n+b\n") + "```\n", "b\n"},
        PatchCase{"InAHereDocument", "a\n", "apply_patch <<'EOF'\n" + update("@@\n-a\n+b\n") + "EOF\n", "b\n"}),
    [](const auto& test) { return test.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Refused, Patched,
    ::testing::Values(
        PatchCase{"NoLineThere", "a\n", update("@@\n-x\n+y\n"), "line 3 of the patch does not fit: the file has none"},
        PatchCase{"OneLineDiffers", "a\nb\nc\n", update("@@\n a\n-x\n c\n"),
                  "it fits best at line 1, but line 2 is 'b' where it has 'x'"},
        PatchCase{"FileEndsBefore", "a\n", update("@@\n a\n-b\n"), "the file ends where it has 'b'"},
        PatchCase{"OutOfOrder", "a\nb\n", update("@@\n-b\n+B\n@@\n-a\n+A\n"), "hunks go from top to bottom"},
        PatchCase{"NoSuchAnchor", "a\na\n", update("@@ class X\n-a\n+b\n"), "no line 'class X'"},
        PatchCase{"NoSign", "a\n", update("what\n"), "at line 3: expected a line that starts with ' ', '-' or '+'"},
        PatchCase{"UnknownHeader", "", "*** Begin Patch\n*** Frob File: f\n*** End Patch",
                  "at line 2: expected '*** Add"},
        PatchCase{"NoPath", "", "*** Begin Patch\n*** Update File: \n@@\n-1\n+x\n", "at line 2: expected the path"},
        PatchCase{"NoEnd", "", "*** Begin Patch\n*** Delete File: f\n", "at line 3: expected '*** End Patch'"},
        PatchCase{"NoChange", "", update(""), "has no changes below it"},
        PatchCase{"AddedLineWithoutSign", "", "*** Begin Patch\n*** Add File: f\n+a\nb\n*** End Patch\n",
                  "at line 4: expected a line of the new file, starting with '+', found 'b'"},
        PatchCase{"NoPatch", "", "hello", "names no file to change"},
        PatchCase{"TooFewLines", "a\n", unified("@@ -1,3 +1,3 @@\n a\n"),
                  "announces 3 old and 3 new lines, but has 1 old"},
        PatchCase{"TooManyLines", "a\nb\n", unified("@@ -1 +1 @@\n-a\n+A\n-b\n"), "but has 2 old and 1 new lines"},
        PatchCase{"NoHunkHeader", "a\n", unified("@@ nonsense @@\n"),
                  "at line 3: expected '@@ -line,count +line,count @@'"},
        PatchCase{"NoNewName", "", "--- a/f\n@@ -1 +1 @@\n", "at line 2: expected '+++ FILE'"},
        PatchCase{"NoNames", "", "@@ -1 +1 @@\n-1\n+x\n", "expected '--- FILE' before the first hunk"},
        PatchCase{"Binary", "", "diff --git a/f b/f\nGIT binary patch\nliteral 3\n",
                  "binary changes cannot be applied"},
        PatchCase{"SymbolicLink", "", "diff --git a/f b/f\nnew file mode 120000\n", "only plain files can be patched"}),
    [](const auto& test) { return test.param.name; });

class PatchToolTest : public ToolFixture {
 protected:
  std::string patch(const std::string& text_of_patch) { return text(call("apply_patch", {{"patch", text_of_patch}})); }
  unsigned mode(const std::string& name) const {
    struct stat info {};
    return ::stat((workspace_ / name).c_str(), &info) == 0 ? info.st_mode & 07777U : 0;
  }
};

TEST_F(PatchToolTest, KeepsTheModeThroughUpdateAndMove) {
  workspace_.write("a.sh", "echo 1\n");
  ::chmod((workspace_ / "a.sh").c_str(), 0755);
  patch("*** Begin Patch\n*** Update File: a.sh\n*** Move to: b/c.sh\n@@\n-echo 1\n+echo 2\n*** End Patch");
  EXPECT_EQ(workspace_.read("b/c.sh"), "echo 2\n");
  EXPECT_EQ(mode("b/c.sh"), 0755U);
  EXPECT_EQ(mode("a.sh"), 0U);
  patch("diff --git a/b/c.sh b/d.sh\nsimilarity index 100%\nrename from b/c.sh\nrename to d.sh\n");
  EXPECT_EQ(mode("d.sh"), 0755U);
}

TEST_F(PatchToolTest, FollowsTheHeadersOfGit) {
  patch("diff --git a/x.sh b/x.sh\nnew file mode 100755\n--- /dev/null\n+++ b/x.sh\n@@ -0,0 +1 @@\n+echo\n");
  EXPECT_EQ(mode("x.sh"), 0755U);
  patch("diff --git a/x.sh b/y.sh\nsimilarity index 100%\ncopy from x.sh\ncopy to y.sh\n");
  EXPECT_EQ(workspace_.read("y.sh"), workspace_.read("x.sh"));
  patch("diff --git a/x.sh b/x.sh\nold mode 100755\nnew mode 100644\n");
  EXPECT_EQ(mode("x.sh"), 0644U);
  patch("diff --git a/e b/e\nnew file mode 100644\nindex 0000000..e69de29\n");
  EXPECT_TRUE(std::filesystem::is_empty(workspace_ / "e"));
  patch("diff --git a/x.sh b/x.sh\ndeleted file mode 100644\n--- a/x.sh\n+++ /dev/null\n@@ -1 +0,0 @@\n-echo\n");
  EXPECT_FALSE(std::filesystem::exists(workspace_ / "x.sh"));
  patch(
      "diff --git \"a/\\303\\251\" \"b/\\303\\251\"\nnew file mode 100644\n--- /dev/null\n+++ \"b/\\303\\251\"\n"
      "@@ -0,0 +1 @@\n+quoted\n");
  EXPECT_EQ(workspace_.read("é"), "quoted\n");
}

TEST_F(PatchToolTest, APatchOfGitsOwnMakesTheSameFiles) {
  ASSERT_EQ(call("execute_command",
                 {{"command",
                   "git init -q g && cd g && git config user.email a@b && git config user.name n && seq 1 40 > keep && "
                   "printf 'no end' > open && cp keep 'sp ace' && git add . && git commit -qm 1 && sed -i "
                   "'3d;30s/$/x/' keep && "
                   "printf 'no end at all' > open && git mv 'sp ace' moved && sed -i 1d moved && chmod +x moved && "
                   "git add -A && git diff --cached HEAD > ../diff && cp -r . ../expected && git reset -q --hard"}})
                .structured["exit_code"],
            0);
  std::string diff = workspace_.read("diff");
  for (const char* prefix : {" a/", " b/"}) {
    for (std::size_t at = diff.find(prefix); at != std::string::npos; at = diff.find(prefix, at + 5))
      diff.insert(at + 3, "g/");
  }
  for (const char* header : {"rename from ", "rename to "})
    diff.insert(diff.find(header) + std::string(header).size(), "g/");
  EXPECT_THAT(patch(diff), HasSubstr("Patch applied"));
  EXPECT_EQ(
      call("execute_command", {{"command", "diff -r -x .git g expected && test -x g/moved"}}).structured["exit_code"],
      0);
}

TEST_F(PatchToolTest, AFailedPatchLeavesNoTrace) {
  workspace_.write("one", "1\n");
  ::chmod((workspace_ / "one").c_str(), 0711);
  std::filesystem::create_directory(workspace_ / "pipes");
  ASSERT_EQ(::mkfifo((workspace_ / "pipes/p").c_str(), 0600), 0);
  // The last step fails when it is written: a link that leads nowhere.
  std::filesystem::create_symlink("nowhere", workspace_ / "dangling");
  EXPECT_THAT(
      patch("*** Begin Patch\n*** Delete File: one\n*** Add File: new/folder/file\n+x\n*** Add File: dangling\n+x\n"
            "*** End Patch"),
      HasSubstr("nothing was changed"));
  EXPECT_EQ(workspace_.read("one"), "1\n");
  EXPECT_EQ(mode("one"), 0711U);
  EXPECT_FALSE(std::filesystem::exists(workspace_ / "new"));
}

TEST_F(PatchToolTest, SaysWhatItDidNotDo) {
  workspace_.write("f", "a\n");
  workspace_.write("binary", std::string("\0a\n", 3));
  EXPECT_THAT(patch(update("@@\n-a\n+a\n")), HasSubstr("changes nothing"));
  EXPECT_THAT(patch("*** Begin Patch\n*** Update File: binary\n@@\n-a\n+b\n*** End Patch"),
              HasSubstr("is a binary file"));
  EXPECT_THAT(patch("*** Begin Patch\n*** Add File: f\n+b\n*** End Patch"), HasSubstr("is there already"));
  EXPECT_THAT(patch("*** Begin Patch\n*** Add File: ../f\n+b\n*** End Patch"), HasSubstr("outside the workspace"));
  EXPECT_THAT(patch("*** Begin Patch\n*** Delete File: binary\n*** End Patch"), HasSubstr("delete binary"));
}

TEST_F(PatchToolTest, APatchedFileThatHadChangedIsStillUnread) {
  call("write_file", {{"path", "f"}, {"content", "a\nb\n"}});
  workspace_.write("f", "a\nb\nforeign\n");
  EXPECT_THAT(patch(update("@@\n-a\n+A\n")), HasSubstr("edit f (it had changed since you last read it)"));
  EXPECT_EQ(workspace_.read("f"), "A\nb\nforeign\n");
  EXPECT_THAT(text(call("edit_file", {{"path", "f"}, {"old_text", "b"}, {"new_text", "B"}})),
              HasSubstr("has changed since"));
}

TEST_F(PatchToolTest, OneFileNamedTwoWaysKeepsBothChanges) {
  workspace_.write("f", "a\nb\nc\n");
  const auto result = call("apply_patch", {{"patch",
                                            "*** Begin Patch\n*** Update File: f\n-a\n+A\n"
                                            "*** Update File: ./f\n-c\n+C\n*** End Patch"}});
  EXPECT_FALSE(result.is_error) << text(result);
  EXPECT_EQ(text(call("read_file", {{"path", "f"}})), "A\nb\nC\n");
}

}  // namespace
}  // namespace ottobot::sandboxd
