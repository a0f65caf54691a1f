#include "zip/entry_name.hpp"

#include <set>

#include "ottobot/file_names.hpp"
#include "ottobot/json.hpp"

namespace ottobot::zip {
namespace {

TEST(EntryName, LeavesUtf8AsItIs) {
  for (const std::string name :
       {"src/main.ts", "ünï 😀.txt", R"(d/a\b)", R"(d/a\x41)", R"(d/\x)", R"(d/\xf)", R"(\/)"}) {
    EXPECT_EQ(entry_name(name), name);
    EXPECT_EQ(path_of_entry(name), name);
  }
}

TEST(EntryName, ShowsOtherBytesAsEverywhereElse) {
  EXPECT_EQ(entry_name("caf\xe9/\xff"), R"(caf\xe9/\xff)");
  EXPECT_EQ(entry_name("caf\xe9/\xff"), shown_name("caf\xe9/\xff"));
}

TEST(EntryName, ABackslashIsNotTakenForASlash) {
  EXPECT_EQ(entry_name("caf\xe9"), R"(./caf\xe9)");
  EXPECT_EQ(entry_name(R"(a\b)"), R"(./a\b)");
  EXPECT_EQ(path_of_entry(R"(./a\b)"), R"(a\b)");
  EXPECT_EQ(entry_target("./a\\b\xff"), R"(./a\b\xff)");
  EXPECT_EQ(target_of_entry(R"(./a\b\xff)"), "./a\\b\xff");
}

TEST(EntryName, EachNameIsItsOwnAndComesBack) {
  const std::vector<std::string> parts{"/",       "\xe9", R"(\xe9)", R"(\xE9)", R"(\x5c)",
                                       R"(\x5C)", R"(\)", "x",       "5c",      "\xc3"};
  std::set<std::string> names, entries;
  for (const std::string& a : parts) {
    for (const std::string& b : parts) {
      for (const std::string& c : parts) names.insert(a + b + c);
    }
  }
  for (const std::string& name : names) {
    const std::string entry = entry_name(name);
    EXPECT_TRUE(utf8_length(entry)) << entry;
    EXPECT_EQ(path_of_entry(entry), name) << entry;
    entries.insert(entry);
  }
  EXPECT_EQ(entries.size(), names.size());
}

}  // namespace
}  // namespace ottobot::zip
