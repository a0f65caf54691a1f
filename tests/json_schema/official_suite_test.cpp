// The official JSON Schema Test Suite, draft 2020-12: all of the mandatory tests, and of the optional ones those that
// do not ask for what we have decided against.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>

#include <gtest/gtest.h>

#include "json_schema/schema.hpp"

namespace ottobot::json_schema {
namespace {

namespace fs = std::filesystem;

struct Skip {
  std::string file, group;
  std::string test;  // empty = all of the group
  const char* reason;
};

const std::vector<Skip>& skips() {
  static const std::vector<Skip> list{
      {"optional/cross-draft.json", "refs to historic drafts are processed as historic drafts",
       "first item not a string is valid", "every document is read as draft 2020-12"},
      {"optional/format-assertion.json", "schema that uses custom metaschema with format-assertion: false",
       "format-assertion: false: invalid string", "format is an annotation"},
      {"optional/format-assertion.json", "schema that uses custom metaschema with format-assertion: true",
       "format-assertion: true: invalid string", "format is an annotation"},
  };
  return list;
}

Json read_json(const fs::path& file) {
  std::ifstream in(file);
  const std::string text((std::istreambuf_iterator<char>(in)), {});
  return parse_json(text).value();
}

// What the suite expects at http://localhost:1234/.
const CompileOptions& remotes() {
  static const CompileOptions options = [] {
    CompileOptions found;
    const fs::path root = fs::path(OTTOBOT_SUITE_DIR) / "remotes";
    for (const auto& entry : fs::recursive_directory_iterator(root)) {
      if (entry.is_regular_file()) {
        found.documents["http://localhost:1234/" + fs::relative(entry.path(), root).string()] = read_json(entry.path());
      }
    }
    return found;
  }();
  return options;
}

std::vector<std::string> suite_files() {
  std::vector<std::string> files;
  const fs::path root = fs::path(OTTOBOT_SUITE_DIR) / "tests/draft2020-12";
  for (const auto& entry : fs::recursive_directory_iterator(root)) {
    if (entry.path().extension() == ".json") files.push_back(fs::relative(entry.path(), root).string());
  }
  std::sort(files.begin(), files.end());
  return files;
}

const Skip* skip_of(const std::string& file, const std::string& group, const std::string& test) {
  for (const Skip& skip : skips()) {
    if (skip.file == file && skip.group == group && (skip.test.empty() || skip.test == test)) return &skip;
  }
  return nullptr;
}

class OfficialSuite : public ::testing::TestWithParam<std::string> {
 protected:
  // Empty when `schema` says about the data what the suite says.
  static std::string difference(const Result<Schema>& schema, const Json& test) {
    if (!schema) return "does not compile: " + schema.error().message;
    const bool expected = test.at("valid").get<bool>();
    const auto issues = schema->check(test.at("data"));
    if (issues.empty() != expected)
      return expected ? "refused: " + issues.front().path + " " + issues.front().text : "accepted";
    return schema->accepts(test.at("data")) == expected ? "" : "accepts() and check() differ";
  }
};

TEST_P(OfficialSuite, AgreesOnEveryCase) {
  std::map<std::string, bool> skipped;  // by name: does a case of it fail, as it should?
  for (const Json& group : read_json(fs::path(OTTOBOT_SUITE_DIR) / "tests/draft2020-12" / GetParam())) {
    const std::string group_name = group.at("description");
    const auto schema = Schema::compile(group.at("schema"), remotes());
    for (const Json& test : group.at("tests")) {
      const std::string name = test.at("description");
      const std::string found = difference(schema, test);
      if (const Skip* skip = skip_of(GetParam(), group_name, name)) {
        bool& failed = skipped[group_name + " / " + skip->test + " (" + skip->reason + ")"];
        failed = failed || !found.empty();
      } else {
        EXPECT_EQ(found, "") << group_name << " / " << name;
      }
    }
  }
  for (const auto& [name, failed] : skipped) EXPECT_TRUE(failed) << "passes now, so skip it no longer: " << name;
}

TEST(OfficialSuiteSkips, NameFilesOfTheSuite) {
  const auto files = suite_files();
  ASSERT_GT(files.size(), 50u);
  for (const Skip& skip : skips()) EXPECT_TRUE(std::count(files.begin(), files.end(), skip.file)) << skip.file;
}

INSTANTIATE_TEST_SUITE_P(Draft202012, OfficialSuite, ::testing::ValuesIn(suite_files()), [](const auto& file) {
  std::string name = file.param.substr(0, file.param.rfind('.'));
  std::replace_if(
      name.begin(), name.end(), [](char c) { return !std::isalnum(static_cast<unsigned char>(c)); }, '_');
  return name;
});

}  // namespace
}  // namespace ottobot::json_schema
