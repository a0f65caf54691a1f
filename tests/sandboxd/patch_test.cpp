#include "sandboxd/patch.hpp"

#include "sandboxd/tool_fixture.hpp"

namespace ottobot::sandboxd {
namespace {

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

class PatchToolTest : public ToolFixture {};

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
