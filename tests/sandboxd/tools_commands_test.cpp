#include <signal.h>

#include <atomic>
#include <regex>

#include "sandboxd/text.hpp"
#include "sandboxd/tool_fixture.hpp"

namespace ottobot::sandboxd {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class CommandToolsTest : public ToolFixture {};

TEST_F(CommandToolsTest, ReportsANonZeroExitAsAResult) {
  auto result = call("execute_command", {{"command", "echo out; echo err >&2; exit 3"}});
  EXPECT_FALSE(result.is_error);
  EXPECT_EQ(result.structured["exit_code"], 3);
  EXPECT_EQ(result.structured["stdout"], "out\n");
  EXPECT_EQ(result.structured["stderr"], "err\n");
  EXPECT_EQ(result.structured["timed_out"], false);
  EXPECT_EQ(result.structured["clipped"], false);
  EXPECT_EQ(text(result), "exit code: 3\nstdout:\nout\nstderr:\nerr\n");
}

TEST_F(CommandToolsTest, StartsInTheWorkspaceOrCwd) {
  std::filesystem::create_directory(workspace_ / "sub");
  EXPECT_EQ(call("execute_command", {{"command", "pwd"}}).structured["stdout"], workspace_.path() + "\n");
  EXPECT_EQ(call("execute_command", {{"command", "pwd"}, {"cwd", "sub"}}).structured["stdout"], workspace_ / "sub\n");
  EXPECT_TRUE(call("execute_command", {{"command", "pwd"}, {"cwd", "/etc"}}).is_error);
}

TEST_F(CommandToolsTest, ClipsLongOutputAndKeepsTheWhole) {
  auto result = call("execute_command", {{"command", "seq 1 100000"}});
  std::string out = result.structured["stdout"];
  EXPECT_EQ(result.structured["clipped"], true);
  EXPECT_LE(count_chars(out), kMaxOutputChars);
  EXPECT_THAT(out, HasSubstr("1\n2\n3\n"));
  EXPECT_THAT(out, HasSubstr("99999\n100000\n"));
  std::string path = result.structured["full_output_path"];
  EXPECT_EQ(std::filesystem::file_size(path), 588895U);
  EXPECT_THAT(text(call("read_file", {{"path", path}, {"limit", 1}})), HasSubstr("1\n"));
}

TEST_F(CommandToolsTest, MakesBinaryOutputValidUtf8) {
  auto result = call("execute_command", {{"command", "printf 'a\\377b'"}});
  EXPECT_EQ(result.structured["stdout"],
            "a\xEF\xBF\xBD"
            "b");
}

TEST_F(CommandToolsTest, GoesOnInTheBackgroundPastItsTimeOut) {
  auto result = call("execute_command", {{"command", "mkfifo gate; echo begun; cat gate"}, {"timeout_s", 0.3}});
  EXPECT_FALSE(result.is_error);
  EXPECT_EQ(result.structured["timed_out"], true);
  EXPECT_EQ(result.structured["exit_code"], nullptr);
  std::string id = result.structured["process_id"];
  EXPECT_THAT(text(result), HasSubstr(id));
}

TEST_F(CommandToolsTest, StreamsOutputAsProgress) {
  ASSERT_EQ(call("execute_command", {{"command", "mkfifo gate"}}).structured["exit_code"], 0);
  std::string seen;
  mcp::CallOptions options;
  options.on_progress = [&](double, double, const std::string& message) {
    seen += message;
    // The command waits until its first output has arrived here.
    if (seen == "first\n") std::ofstream(workspace_ / "gate") << "second\n";
  };
  auto result = client_->call_tool("execute_command", {{"command", "echo first; cat gate"}}, options, limit());
  ASSERT_TRUE(result);
  EXPECT_EQ(seen, "first\nsecond\n");
}

TEST_F(CommandToolsTest, ReturnsWhenTheShellEndsThoughAChildHoldsTheOutput) {
  auto begun = std::chrono::steady_clock::now();
  auto result = call("execute_command", {{"command", "sleep 20 & echo ready"}});
  EXPECT_EQ(result.structured["stdout"], "ready\n");
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(10));
}

TEST_F(CommandToolsTest, TalksToABackgroundProcessAndKillsItsGroup) {
  auto started = call("execute_command_async", {{"command", "cat & sleep 100 & read x; echo got $x; wait"}});
  std::string id = started.structured["process_id"];
  pid_t pid = started.structured["pid"];
  EXPECT_FALSE(call("write_process", {{"process_id", id}, {"input", "hello\n"}}).is_error);
  auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  std::string out;
  while (out.find("hello") == std::string::npos && std::chrono::steady_clock::now() < deadline) {
    out = call("read_process", {{"process_id", id}}).structured["stdout"];
  }
  EXPECT_THAT(out, HasSubstr("hello"));
  EXPECT_THAT(text(call("list_processes", Json::object())), HasSubstr("(" + id + ")"));
  EXPECT_FALSE(call("kill_process", {{"process_id", id}}).is_error);
  EXPECT_EQ(call("read_process", {{"process_id", id}}).structured["running"], false);
  while (::kill(-pid, 0) == 0 && std::chrono::steady_clock::now() < deadline) std::this_thread::yield();
  EXPECT_NE(::kill(-pid, 0), 0);
}

TEST_F(CommandToolsTest, KillsWhatIgnoresSigterm) {
  auto started = call("execute_command_async", {{"command", "trap '' TERM; echo up; while :; do sleep 1; done"}});
  std::string id = started.structured["process_id"];
  std::string out;
  auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (out.empty() && std::chrono::steady_clock::now() < deadline) {
    out = call("read_process", {{"process_id", id}}).structured["stdout"];
  }
  EXPECT_FALSE(call("kill_process", {{"pid", started.structured["pid"]}}).is_error);
  EXPECT_EQ(call("read_process", {{"process_id", id}}).structured["exit_code"], 137);
}

TEST_F(CommandToolsTest, RefusesToKillTheSandboxItself) {
  EXPECT_TRUE(call("kill_process", {{"pid", ::getpid()}}).is_error);
  EXPECT_TRUE(call("kill_process", {{"pid", 1}}).is_error);
  EXPECT_TRUE(call("kill_process", Json::object()).is_error);
}

TEST_F(CommandToolsTest, ShowsCommandsOnTheConsoleWithoutTheirControlSequences) {
  call("execute_command", {{"command", "printf '\\033[31mred\\033]0;title\\007\\033[2Jend\\n'; exit 4"}});
  std::string log = run_.read("console.log");
  EXPECT_THAT(log, HasSubstr("\x1b[31mredend\n"));
  EXPECT_THAT(log, HasSubstr("exit 4"));
  EXPECT_THAT(log, Not(HasSubstr("\x1b[2J")));
}

}  // namespace
}  // namespace ottobot::sandboxd
