#include <sys/stat.h>

#include "sandboxd/tool_fixture.hpp"

namespace ottobot::sandboxd {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class SearchToolsTest : public ToolFixture {
 protected:
  void SetUp() override {
    ToolFixture::SetUp();
    workspace_.write("src/a.ts", "const Foo = 1;\nfoo()\n");
    workspace_.write("src/b/c.ts", "Foo\r\nbar\r\n");
    workspace_.write(".env", "Foo=1\n");
    workspace_.write("node_modules/m/i.js", "Foo\n");
    workspace_.write(".git/config", "Foo\n");
    workspace_.write("binary", std::string("Foo\0\n", 5));
    std::filesystem::create_symlink(".", workspace_ / "loop");
    std::filesystem::create_symlink("/etc", workspace_ / "outside");
  }
  std::string search(const Json& args) { return text(call("search_files", args)); }
  std::string find(const Json& args) { return text(call("find_files", args)); }
};

TEST_F(SearchToolsTest, FindsLinesInTextFiles) {
  const std::string a = "src/a.ts:1: const Foo = 1;\n";
  const std::string c = "src/b/c.ts:1: Foo\n";
  const std::vector<std::pair<Json, std::string>> cases = {
      {{{"pattern", "Foo"}}, ".env:1: Foo=1\n" + a + c},
      {{{"pattern", "(?i)FOO\\("}}, "src/a.ts:2: foo()\n"},
      {{{"pattern", "Foo$"}}, c},
      {{{"pattern", "^bar$"}}, "src/b/c.ts:2: bar\n"},
      {{{"pattern", "Foo"}, {"path", "src"}}, a + c},
      {{{"pattern", "Foo"}, {"path", "src/a.ts"}}, a},
      {{{"pattern", "Foo"}, {"path", ""}, {"glob", "*.ts"}}, a + c},
      {{{"pattern", "Foo"}, {"path", "src"}, {"glob", "b/**"}}, c},
      {{{"pattern", "Foo"}, {"path", "node_modules"}}, "node_modules/m/i.js:1: Foo\n"},
      {{{"pattern", "Foo"}, {"glob", "node_modules/**"}}, "node_modules/m/i.js:1: Foo\n"},
      {{{"pattern", "Foo"}, {"path", ".git/config"}}, ".git/config:1: Foo\n"},
      {{{"pattern", "nowhere"}}, "No matches in 3 files\n[1 binary file not searched]\n"},
  };
  for (const auto& [args, expected] : cases) EXPECT_EQ(search(args), expected) << dump_json(args);
}

TEST_F(SearchToolsTest, SaysWhatIsWrongWithASearch) {
  ASSERT_EQ(::mkfifo((workspace_ / "pipe").c_str(), 0600), 0);
  const std::vector<std::pair<Json, std::string>> cases = {
      {{{"pattern", "("}}, "no valid regular expression at offset 1: missing closing parenthesis"},
      {{{"pattern", "[z-a]"}}, "range out of order"},
      {{{"pattern", ""}}, "pattern: must not be empty"},
      {{{"pattern", "x"}, {"glob", "[a"}}, "glob: has a '[' or '{' without its end"},
      {{{"pattern", "x"}, {"path", "none"}}, "no such file or directory: 'none'"},
      {{{"pattern", "x"}, {"path", "outside"}}, "outside the workspace"},
      {{{"pattern", "x"}, {"path", "../"}}, "outside the workspace"},
      {{{"pattern", "x"}, {"path", "pipe"}}, "is a named pipe"},
  };
  for (const auto& [args, expected] : cases) {
    auto result = call("search_files", args);
    EXPECT_TRUE(result.is_error) << dump_json(args);
    EXPECT_THAT(text(result), HasSubstr(expected)) << dump_json(args);
  }
}

TEST_F(SearchToolsTest, OneFileThatCostsTooMuchDoesNotSpoilTheSearch) {
  workspace_.write("hard", std::string(5000, 'a') + "b\n");
  EXPECT_THAT(search({{"pattern", "(a+)+$"}, {"path", "hard"}}), HasSubstr("takes too long"));
  workspace_.write("zebra", "aa\n");
  const std::string text = search({{"pattern", "(a+)+$"}});
  EXPECT_THAT(text, HasSubstr("zebra:1: aa\n"));
  EXPECT_THAT(text, HasSubstr("[1 file left out: the pattern takes too long: match limit exceeded in hard]"));
}

TEST_F(SearchToolsTest, ShowsTheMatchOfALongLineAndCountsWhatItLeavesOut) {
  workspace_.write("long", std::string(100000, 'x') + "NEEDLE" + std::string(100000, 'y') + "\n");
  const std::string found = search({{"pattern", "NEEDLE"}});
  EXPECT_THAT(found, HasSubstr("xNEEDLEy"));
  EXPECT_LT(found.size(), 500U);
  std::string hits;
  for (int i = 0; i < 5000; ++i) hits += "hit\n";
  workspace_.write("many", hits);
  EXPECT_THAT(search({{"pattern", "hit"}}), HasSubstr("many:500: hit\n[… 4500 more matches not shown"));
}

TEST_F(SearchToolsTest, FindsWhatStandsBetweenBytesThatAreNotUtf8) {
  workspace_.write("latin", "caf\xe9 one\n\xff\xfe\ntwo\xe9 two\r\n\xe9one\xe9\nend\xe9");
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"one", "latin:1: caf\xEF\xBF\xBD one\nlatin:4: \xEF\xBF\xBDone\xEF\xBF\xBD\n"},
      {"two$", "latin:3: two\xEF\xBF\xBD two\n"},
      {"(?<=\n)t", "latin:3: two\xEF\xBF\xBD two\n"},
      {"^one|one$|caf. ", "latin:1: caf\xEF\xBF\xBD one\n"},
      {"end$", "No matches in 1 file\n"},
  };
  for (const auto& [pattern, expected] : cases) {
    EXPECT_EQ(search({{"pattern", pattern}, {"path", "latin"}}), expected) << pattern;
  }
}

// Linear: this took most of a minute when each match looked at all the rest of the file.
TEST_F(SearchToolsTest, CountsManyMatchesOfOneFileQuickly) {
  std::string lines;
  for (int i = 0; i < 99'999; ++i) lines += "a line, hit\n";
  workspace_.write("many", lines + "\xff hit\n");
  const auto started = std::chrono::steady_clock::now();
  for (const char* pattern : {"hit", "(?i)HIT", "^.*hit$"}) {
    EXPECT_THAT(search({{"pattern", pattern}, {"path", "many"}}), HasSubstr(" more matches not shown")) << pattern;
  }
  EXPECT_LT(std::chrono::steady_clock::now() - started, std::chrono::seconds(15));
}

TEST_F(SearchToolsTest, SearchesFilesOfAnySizeAndLongOutputs) {
  std::string line = "a line of some log or other\n";
  {
    std::ofstream file(workspace_ / "big.log");
    for (int i = 0; i < 1'000'000; ++i) file << line;
    file << "NEEDLE\n";
  }
  EXPECT_EQ(search({{"pattern", "NEEDLE"}}), "big.log:1000001: NEEDLE\n");
  auto output = call("execute_command", {{"command", "cat big.log"}});
  const std::string path = output.structured.value("full_output_path", "");
  EXPECT_EQ(search({{"pattern", "NEEDLE"}, {"path", path}}), path + ":1000001: NEEDLE\n");
  EXPECT_EQ(text(call("read_file", {{"path", path}, {"offset", 1'000'001}})), "NEEDLE\n");
}

TEST_F(SearchToolsTest, FindsNames) {
  workspace_.write(
      "bad\xff"
      "name",
      "");
  const std::vector<std::pair<Json, std::string>> cases = {
      {{{"glob", "*.ts"}}, "src/a.ts\nsrc/b/c.ts\n"},
      {{{"glob", "src/*"}}, "src/a.ts\nsrc/b/\n"},
      {{{"glob", "src/**"}}, "src/a.ts\nsrc/b/\nsrc/b/c.ts\n"},
      {{{"glob", "**/c.ts"}}, "src/b/c.ts\n"},
      {{{"glob", "b/"}}, "src/b/\n"},
      {{{"glob", "[ab].ts"}, {"path", "src"}}, "src/a.ts\n"},
      {{{"glob", workspace_ / "src/*.ts"}}, "src/a.ts\n"},
      {{{"glob", ".*"}}, ".env\n.git/\n"},
      {{{"glob", "node_modules"}}, "node_modules/\n"},
      {{{"glob", "node_modules/**"}}, "node_modules/m/\nnode_modules/m/i.js\n"},
      {{{"glob", "bad*"}}, "bad\\xffname\n"},
      {{{"glob", "none"}}, "No files match"},
  };
  for (const auto& [args, expected] : cases) EXPECT_EQ(find(args), expected) << dump_json(args);
  for (const char* glob : {"", "../*", "/etc/*", "{a,b", "[x"}) {
    EXPECT_TRUE(call("find_files", {{"glob", glob}}).is_error) << glob;
  }
}

TEST_F(SearchToolsTest, CountsTheNamesItDoesNotShow) {
  for (int i = 0; i < 1500; ++i) workspace_.write("many/" + std::to_string(i) + ".q", "");
  EXPECT_THAT(find({{"glob", "*.q"}}), HasSubstr("[… 500 more files not shown: narrow the search …]"));
}

}  // namespace
}  // namespace ottobot::sandboxd
