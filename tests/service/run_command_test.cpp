#include <gtest/gtest.h>

#include <fstream>

#include "program.hpp"

namespace ottobot::testing {
namespace {

TEST(RunCommand, RefusesAFolderThatIsNotEmptyBeforeItStarts) {
  const ProgramHome home;
  std::filesystem::create_directory(home.dir() / "out");
  std::ofstream(home.dir() / "out/file") << "mine";
  auto result = home.run({"run", "hello", "--out", "out"});
  ASSERT_TRUE(result) << result.error().to_string();
  EXPECT_EQ(result->status.code, 1);
  EXPECT_NE(result->err.find("not empty"), std::string::npos) << result->err;
  EXPECT_FALSE(std::filesystem::exists(home.dir() / "data"));
}

TEST(RunCommand, NeedsAPrompt) {
  const ProgramHome home;
  auto result = home.run({"run"});
  ASSERT_TRUE(result);
  EXPECT_EQ(result->status.code, 2);
}

// In the local sandbox; the demonstration as far as this host can run one.
TEST(RunCommand, TheDemonstrationLeavesAProjectAndNothingElse) {
  const ProgramHome home;
  auto result =
      net::run(home.options({"run", "Build the demo", "--out", "shop"}), with_timeout(std::chrono::seconds(110)));
  ASSERT_TRUE(result) << result.error().to_string();
  ASSERT_EQ(result->status.code, 0) << result->out << result->err;
  EXPECT_NE(result->out.find("demonstration"), std::string::npos);
  EXPECT_EQ(result->out.find('\x1b'), std::string::npos) << "colours without a terminal";
  EXPECT_FALSE(std::filesystem::is_empty(home.dir() / "shop"));
  EXPECT_TRUE(std::filesystem::is_empty(home.dir() / "data/runs"));
}

}  // namespace
}  // namespace ottobot::testing
