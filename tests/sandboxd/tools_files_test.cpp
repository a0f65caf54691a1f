#include <sys/stat.h>

#include "sandboxd/tool_fixture.hpp"

namespace ottobot::sandboxd {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class FileToolsTest : public ToolFixture {};

TEST_F(FileToolsTest, WritesIntoNewFoldersAndReadsBack) {
  auto written = call("write_file", {{"path", "a/b/c.txt"}, {"content", "héllo\n"}});
  EXPECT_EQ(text(written), "Successfully wrote 6 characters to a/b/c.txt");
  EXPECT_EQ(text(call("read_file", {{"path", workspace_ / "a/b/c.txt"}})), "héllo\n");
}

TEST_F(FileToolsTest, KeepsTheModeOfAnOverwrittenFile) {
  workspace_.write("run.sh", "old");
  ::chmod((workspace_ / "run.sh").c_str(), 0755);
  call("write_file", {{"path", "run.sh"}, {"content", "new"}});
  struct stat info {};
  ASSERT_EQ(::stat((workspace_ / "run.sh").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 0755U);
  EXPECT_EQ(workspace_.read("run.sh"), "new");
}

TEST_F(FileToolsTest, RefusesEveryWayOutOfTheWorkspace) {
  TempFolder outside;
  outside.write("secret", "s3cret");
  std::filesystem::create_symlink(outside.path(), workspace_ / "link");
  std::filesystem::create_symlink(outside / "secret", workspace_ / "file");
  for (const std::string& path : {std::string("../x"), std::string("/etc/passwd"), outside / "secret",
                                  std::string("link/secret"), std::string("file"), std::string("a/../../x"),
                                  std::string("a\0b", 3), std::string(), workspace_.path() + "x/y"}) {
    auto read = call("read_file", {{"path", path}});
    EXPECT_TRUE(read.is_error) << path;
    EXPECT_THAT(text(read), Not(HasSubstr("s3cret")));
    EXPECT_TRUE(call("write_file", {{"path", path}, {"content", "x"}}).is_error) << path;
  }
  EXPECT_EQ(outside.read("secret"), "s3cret");
  EXPECT_TRUE(call("delete_file", {{"path", "link/secret"}}).is_error);
}

TEST_F(FileToolsTest, FollowsLinksThatStayInside) {
  workspace_.write("real/file", "inside");
  std::filesystem::create_symlink(workspace_ / "real", workspace_ / "absolute");
  std::filesystem::create_symlink("real/file", workspace_ / "relative");
  EXPECT_EQ(text(call("read_file", {{"path", "absolute/file"}})), "inside");
  EXPECT_FALSE(call("write_file", {{"path", "relative"}, {"content", "new"}}).is_error);
  EXPECT_EQ(workspace_.read("real/file"), "new");
  EXPECT_TRUE(std::filesystem::is_symlink(workspace_ / "relative"));
}

TEST_F(FileToolsTest, DescribesBinaryFilesAndClipsLongOnes) {
  workspace_.write("image.png", std::string("\x89PNG\r\n\x1a\n\0\0", 10));
  EXPECT_THAT(text(call("read_file", {{"path", "image.png"}})), HasSubstr("PNG image"));
  std::string lines;
  for (int i = 1; i <= 50000; ++i) lines += std::to_string(i) + "\n";
  workspace_.write("long.txt", lines);
  EXPECT_THAT(text(call("read_file", {{"path", "long.txt"}})), HasSubstr("read on with offset="));
  EXPECT_EQ(text(call("read_file", {{"path", "long.txt"}, {"offset", 10}, {"limit", 2}})), "10\n11\n");
}

TEST_F(FileToolsTest, ListsFilesFoldersAndLinks) {
  workspace_.write("b.txt", "12345");
  std::filesystem::create_directory(workspace_ / "a");
  std::filesystem::create_symlink("b.txt", workspace_ / "l");
  auto listed = call("list_files", Json::object());
  ASSERT_EQ(listed.structured["entries"].size(), 3U);
  EXPECT_EQ(listed.structured["entries"][0]["type"], "directory");
  EXPECT_EQ(listed.structured["entries"][1]["size_bytes"], 5);
  EXPECT_EQ(listed.structured["entries"][2]["type"], "symlink");
  EXPECT_EQ(text(listed), "Contents of .:\nDIR  a\nFILE b.txt (5 bytes)\nLINK l -> b.txt\n");
}

TEST_F(FileToolsTest, DeletesFilesButNotFullFolders) {
  workspace_.write("d/f", "x");
  EXPECT_TRUE(call("delete_file", {{"path", "d"}}).is_error);
  EXPECT_FALSE(call("delete_file", {{"path", "d/f"}}).is_error);
  EXPECT_FALSE(call("delete_file", {{"path", "d"}}).is_error);
  EXPECT_TRUE(call("delete_file", {{"path", "d"}}).is_error);
}

TEST_F(FileToolsTest, EditsAUniqueMatchOnly) {
  workspace_.write("f", "one two one");
  EXPECT_THAT(text(call("edit_file", {{"path", "f"}, {"old_text", "one"}, {"new_text", "1"}})),
              HasSubstr("occurs 2 times"));
  EXPECT_FALSE(call("edit_file", {{"path", "f"}, {"old_text", "two"}, {"new_text", "2"}}).is_error);
  EXPECT_FALSE(
      call("edit_file", {{"path", "f"}, {"old_text", "one"}, {"new_text", "1"}, {"replace_all", true}}).is_error);
  EXPECT_EQ(workspace_.read("f"), "1 2 1");
  EXPECT_TRUE(call("edit_file", {{"path", "f"}, {"old_text", "none"}, {"new_text", "x"}}).is_error);
}

TEST_F(FileToolsTest, RefusesToEditWhatChangedSinceItWasRead) {
  workspace_.write("f", "first");
  call("read_file", {{"path", "f"}});
  workspace_.write("f", "second version");
  EXPECT_THAT(text(call("edit_file", {{"path", "f"}, {"old_text", "second"}, {"new_text", "x"}})),
              HasSubstr("read it again"));
  call("read_file", {{"path", "f"}});
  EXPECT_FALSE(call("edit_file", {{"path", "f"}, {"old_text", "second"}, {"new_text", "third"}}).is_error);
  EXPECT_EQ(workspace_.read("f"), "third version");
}

TEST_F(FileToolsTest, AppliesAPatchWholeOrNotAtAll) {
  workspace_.write("a.txt", "1\n2\n3\n");
  workspace_.write("old.txt", "bye\n");
  std::string good =
      "*** Begin Patch\n*** Update File: a.txt\n@@\n 1\n-2\n+two\n 3\n*** Add File: n/new.txt\n+new\n"
      "*** Delete File: old.txt\n*** End Patch";
  auto applied = call("apply_patch", {{"patch", good}});
  EXPECT_FALSE(applied.is_error) << text(applied);
  EXPECT_EQ(workspace_.read("a.txt"), "1\ntwo\n3\n");
  EXPECT_EQ(workspace_.read("n/new.txt"), "new\n");
  EXPECT_FALSE(std::filesystem::exists(workspace_ / "old.txt"));
  std::string bad =
      "*** Begin Patch\n*** Add File: other.txt\n+x\n*** Update File: a.txt\n@@\n-absent\n+y\n*** End Patch";
  EXPECT_TRUE(call("apply_patch", {{"patch", bad}}).is_error);
  EXPECT_FALSE(std::filesystem::exists(workspace_ / "other.txt"));
}

TEST_F(FileToolsTest, AppliesAUnifiedDiffWithShiftedLines) {
  workspace_.write("f", "zero\na\nb\nc\n");
  auto applied = call("apply_patch", {{"patch", "--- a/f\n+++ b/f\n@@ -1,3 +1,3 @@\n a\n-b\n+B\n c\n"}});
  EXPECT_FALSE(applied.is_error) << text(applied);
  EXPECT_EQ(workspace_.read("f"), "zero\na\nB\nc\n");
}

TEST_F(FileToolsTest, SearchesContentsAndNames) {
  workspace_.write("src/a.ts", "let x = 1;\nfoo(42)\n");
  workspace_.write("src/b.js", "foo(7)\n");
  workspace_.write("node_modules/m/i.js", "foo(1)\n");
  EXPECT_EQ(text(call("search_files", {{"pattern", "foo\\(\\d+\\)"}, {"glob", "*.ts"}})), "src/a.ts:2: foo(42)\n");
  EXPECT_EQ(text(call("search_files", {{"pattern", "foo"}, {"path", "src/b.js"}})), "src/b.js:1: foo(7)\n");
  EXPECT_EQ(text(call("search_files", {{"pattern", "absent"}})), "No matches in 2 files\n");
  EXPECT_TRUE(call("search_files", {{"pattern", "("}}).is_error);
  EXPECT_EQ(text(call("find_files", {{"glob", "src/**/*.{ts,js}"}})), "src/a.ts\nsrc/b.js\n");
  EXPECT_EQ(text(call("find_files", {{"glob", "*.js"}})), "src/b.js\n");
}

TEST_F(FileToolsTest, ListsOnlyTheGroupsAskedFor) {
  start({"processes"});
  auto tools = client_->list_tools(limit());
  ASSERT_TRUE(tools);
  ASSERT_EQ(tools->size(), 2U);
  EXPECT_EQ((*tools)[0].name, "list_processes");
  EXPECT_TRUE((*tools)[0].annotations.read_only);
}

TEST_F(FileToolsTest, ShowsChangesOnTheConsole) {
  call("write_file", {{"path", "shown.txt"}, {"content", "line\n"}});
  EXPECT_THAT(run_.read("console.log"), HasSubstr("create shown.txt"));
}

}  // namespace
}  // namespace ottobot::sandboxd
