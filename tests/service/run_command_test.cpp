#include <gtest/gtest.h>

#include <csignal>
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

// A turn that is in the middle of a command for as long as a test may take.
Result<std::unique_ptr<RunningProgram>> run_in_a_long_command(const ProgramHome& home) {
  const auto scenario = home.dir() / "long.json";
  std::ofstream(scenario) << R"({"turns": [{"steps": [
    {"tool_calls": [{"name": "execute_command", "args": {"command": "sleep 300"}}]}]}]})";
  return RunningProgram::start(home, {"run", "wait", "--model", "scripted:" + scenario.string()}, "execute_command");
}

TEST(RunCommand, CtrlCStopsTheTurnAndCleansUp) {
  const ProgramHome home;
  auto program = run_in_a_long_command(home);
  ASSERT_TRUE(program) << program.error().to_string();
  (*program)->signal(SIGINT);
  auto status = (*program)->wait(std::chrono::seconds(20));
  ASSERT_TRUE(status) << status.error().to_string();
  EXPECT_EQ(status->code, 130);
  EXPECT_TRUE(std::filesystem::is_empty(home.dir() / "data/runs"));
}

TEST(RunCommand, WhatAKilledRunLeftIsGoneAfterTheNextOne) {
  const ProgramHome home;
  auto killed = run_in_a_long_command(home);
  ASSERT_TRUE(killed) << killed.error().to_string();
  (*killed)->signal(SIGKILL);
  ASSERT_TRUE((*killed)->wait(std::chrono::seconds(20)));
  EXPECT_FALSE(std::filesystem::is_empty(home.dir() / "data/runs"));
  auto next = home.run({"run", "Build the demo", "--out", "project.zip"});
  ASSERT_TRUE(next) << next.error().to_string();
  EXPECT_EQ(next->status.code, 0) << next->err;
  EXPECT_TRUE(std::filesystem::is_empty(home.dir() / "data/runs"));
  EXPECT_TRUE(std::filesystem::exists(home.dir() / "project.zip"));
}

}  // namespace
}  // namespace ottobot::testing
