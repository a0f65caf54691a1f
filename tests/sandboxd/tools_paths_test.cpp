// What the file tools say of paths and files that are not plain ones.
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <atomic>
#include <thread>

#include "net/unique_fd.hpp"
#include "sandboxd/tool_fixture.hpp"

namespace ottobot::sandboxd {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// Nothing is read-only to root.
class AsNobody {
 public:
  explicit AsNobody(const std::vector<std::string>& owned) {
    if (::geteuid() != 0) return;
    for (const std::string& path : owned) EXPECT_EQ(::chown(path.c_str(), kNobody, kNobody), 0);
    EXPECT_EQ(::seteuid(kNobody), 0);
  }
  ~AsNobody() { EXPECT_EQ(::seteuid(::getuid()), 0); }
  AsNobody(const AsNobody&) = delete;
  AsNobody& operator=(const AsNobody&) = delete;

 private:
  static constexpr uid_t kNobody = 65534;
};

class PathToolsTest : public ToolFixture {
 protected:
  std::string read(const std::string& path) { return text(call("read_file", {{"path", path}})); }
  std::string write(const std::string& path) { return text(call("write_file", {{"path", path}, {"content", "new"}})); }
};

TEST_F(PathToolsTest, KeepsEveryNameAsItIs) {
  const std::vector<std::string> names = {"\xC3\xA9",   "e\xCC\x81",   "😀 smile", " space ",
                                          "q\"u'o`t$e", "new\nline",   "-rf",     "..dots",
                                          "tab\t",      "back\\slash", "*?[x]",   std::string(255, 'n')};
  for (const std::string& name : names) {
    EXPECT_EQ(text(call("write_file", {{"path", name}, {"content", name}})),
              "Successfully wrote " + std::to_string(*utf8_length(name)) + " characters to " + name);
  }
  for (const std::string& name : names) EXPECT_EQ(read(name), name);
  EXPECT_EQ(call("list_files", Json::object()).structured["entries"].size(), names.size());
  EXPECT_THAT(text(call("list_files", Json::object())), HasSubstr("FILE \"new\\nline\" (8 bytes)\n"));
}

TEST_F(PathToolsTest, NamesThatAreNotUtf8AreShownEscapedAndTakenSo) {
  workspace_.write("bad\xff\xfe", "content");
  EXPECT_THAT(text(call("list_files", Json::object())), HasSubstr("FILE bad\\xff\\xfe (7 bytes)"));
  EXPECT_EQ(read("bad\\xff\\xfe"), "content");
  EXPECT_EQ(text(call("delete_file", {{"path", "bad\\xff\\xfe"}})), "Successfully deleted bad\\xff\\xfe");
  EXPECT_TRUE(std::filesystem::is_empty(workspace_.path()));
}

TEST_F(PathToolsTest, SaysWhatIsWrongWithAPath) {
  workspace_.write("file", "x");
  std::filesystem::create_directory(workspace_ / "folder");
  std::filesystem::create_symlink("loop", workspace_ / "loop");
  std::filesystem::create_symlink("nowhere", workspace_ / "dangling");
  std::filesystem::create_symlink("/nonexistent/place", workspace_ / "dangling-out");
  ASSERT_EQ(::mkfifo((workspace_ / "pipe").c_str(), 0666), 0);
  net::UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  (workspace_ / "socket").copy(address.sun_path, sizeof address.sun_path - 1);
  ASSERT_EQ(::bind(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  struct Case {
    std::string path, on_read, on_write;
  };
  const std::string outside = "outside the workspace";
  const Case cases[] = {
      {"../none", outside, outside},
      {"folder/../../none", outside, outside},
      {"/etc/none", outside, outside},
      {"dangling-out", outside, outside},
      {"dangling", "no such file", "the link 'dangling'"},
      {"loop", "too many links", "too many links"},
      {"", "path: must not be empty", "path: must not be empty"},
      {"~/x", "'~' is not expanded", "'~' is not expanded"},
      {"folder", "is a folder", "is a folder"},
      {"file/below", "goes through one", "goes through one"},
      {"none/", "no such file", "names a folder"},
      {"pipe", "is a named pipe", "is a named pipe"},
      {"socket", "is a socket", "is a socket"},
      {std::string(256, 'n'), "too long", "too long"},
      {std::string(5000, 'p'), "longer than 4095 bytes", "longer than 4095 bytes"},
  };
  for (const Case& one : cases) {
    EXPECT_THAT(read(one.path), HasSubstr(one.on_read));
    EXPECT_THAT(write(one.path), HasSubstr(one.on_write));
  }
  EXPECT_TRUE(std::filesystem::is_fifo(workspace_ / "pipe"));
  EXPECT_THAT(text(call("list_files", {{"path", "file"}})), HasSubstr("where a folder is needed"));
  EXPECT_THAT(text(call("create_directory", {{"path", "file"}})), HasSubstr("is not a folder"));
  EXPECT_EQ(text(call("create_directory", {{"path", "folder"}})), "Directory folder exists already");
}

TEST_F(PathToolsTest, ReachesTwoHundredLevels) {
  std::string deep;
  for (int i = 0; i < 200; ++i) deep += "level/";
  EXPECT_FALSE(call("write_file", {{"path", deep + "file"}, {"content", "deep"}}).is_error);
  EXPECT_EQ(read(deep + "file"), "deep");
}

TEST_F(PathToolsTest, DoesNotReplaceWhatIsReadOnly) {
  workspace_.write("file", "old");
  ::chmod((workspace_ / "file").c_str(), 0444);
  const AsNobody nobody({workspace_.path(), workspace_ / "file"});
  EXPECT_THAT(write("file"), HasSubstr("is read-only"));
  EXPECT_THAT(text(call("edit_file", {{"path", "file"}, {"old_text", "old"}, {"new_text", "new"}})),
              HasSubstr("is read-only"));
  EXPECT_EQ(workspace_.read("file"), "old");
}

TEST_F(PathToolsTest, ReadsAnyPartOfAFileOfAnySize) {
  {
    std::ofstream file(workspace_ / "long");
    for (int i = 1; i <= 3'000'000; ++i) file << "line " << i << '\n';
  }
  EXPECT_EQ(text(call("read_file", {{"path", "long"}, {"offset", 2'999'999}, {"limit", 5}})),
            "line 2999999\nline 3000000\n");
  EXPECT_EQ(text(call("read_file", {{"path", "long"}, {"offset", 3'000'001}})), "[the file has only 3000000 lines]");
  std::string start = read("long");
  EXPECT_LE(*utf8_length(start), 30200U);
  EXPECT_THAT(start, HasSubstr("read on with offset="));
  workspace_.write("one line", std::string(100000, 'x') + "\nsecond\n");
  EXPECT_THAT(read("one line"), HasSubstr("line 1 is too long to show"));
  EXPECT_EQ(text(call("read_file", {{"path", "one line"}, {"offset", 2}})), "second\n");
  for (const char* argument : {"offset", "limit"}) {
    EXPECT_TRUE(call("read_file", {{"path", "long"}, {argument, 0}}).is_error);
    EXPECT_TRUE(call("read_file", {{"path", "long"}, {argument, -1}}).is_error);
  }
}

TEST_F(PathToolsTest, SaysWhenAFileIsNoPlainText) {
  workspace_.write("latin1", "caf\xe9\n");
  workspace_.write("utf16", std::string("\xff\xfeh\0i\0", 6));
  workspace_.write("program", std::string("\x7f"
                                          "ELF\0\1",
                                          6));
  workspace_.write("empty", "");
  workspace_.write("open end", "no newline");
  EXPECT_EQ(read("latin1"), "caf\xEF\xBF\xBD\n[… not all of it is UTF-8: \xEF\xBF\xBD stands for other bytes …]");
  EXPECT_THAT(read("utf16"), HasSubstr("text in UTF-16"));
  EXPECT_EQ(read("program"), "[ELF program, 6 bytes; not shown: use a command to inspect it]");
  EXPECT_EQ(read("empty"), "");
  EXPECT_EQ(read("open end"), "no newline");
}

TEST_F(PathToolsTest, ListsTheBeginningOfAHugeFolderAndSaysHowMuchThereIs) {
  for (int i = 0; i < 6000; ++i) workspace_.write("f" + std::to_string(i), "");
  auto listed = call("list_files", Json::object());
  EXPECT_EQ(listed.structured["entries"].size(), 5000U);
  EXPECT_EQ(listed.structured["truncated"], true);
  EXPECT_EQ(listed.structured["total"], 6000);
  EXPECT_LE(*utf8_length(text(listed)), 30000U);
  EXPECT_THAT(text(listed), HasSubstr("more entries of 6000"));
}

TEST_F(PathToolsTest, AWrittenFileIsWholeOrTheOldOne) {
  workspace_.write("file", std::string(1 << 20, 'a'));
  std::atomic<bool> done{false};
  std::atomic<int> torn{0};
  std::jthread reader([&] {
    while (!done) {
      std::string seen = workspace_.read("file");
      if (seen.size() != 1U << 20U || seen.front() != seen.back()) ++torn;
    }
  });
  for (char c : {'b', 'c', 'd', 'e'}) {
    EXPECT_FALSE(call("write_file", {{"path", "file"}, {"content", std::string(1 << 20, c)}}).is_error);
  }
  done = true;
  reader.join();
  EXPECT_EQ(torn, 0);
}

}  // namespace
}  // namespace ottobot::sandboxd
