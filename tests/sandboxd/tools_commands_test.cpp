#include <signal.h>
#include <sys/stat.h>

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
  EXPECT_EQ(text(result), "Exit code: 3\nSTDOUT:\nout\nSTDERR:\nerr\n");
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
    out += call("read_process", {{"process_id", id}, {"wait_s", 1}}).structured["stdout"].get<std::string>();
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
    out += call("read_process", {{"process_id", id}, {"wait_s", 1}}).structured["stdout"].get<std::string>();
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

TEST_F(CommandToolsTest, KeepsTheExactBytesOfOutputThatIsNotUtf8) {
  auto result = call("execute_command", {{"command", "printf 'a\\377b\\000c'"}});
  EXPECT_EQ(result.structured["clipped"], false);
  std::ifstream file(result.structured.value("full_output_path", ""), std::ios::binary);
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(file), {}), std::string("a\377b\0c", 5));
  EXPECT_THAT(text(result), HasSubstr("the exact output is in"));
}

TEST_F(CommandToolsTest, ClipsOnlyWhatHasMoreCharactersThanTheLimit) {
  auto exact = call("execute_command", {{"command", "yes é | tr -d '\\n' | head -c 60000"}});
  EXPECT_EQ(exact.structured["clipped"], false);
  EXPECT_EQ(count_chars(exact.structured["stdout"].get<std::string>()), 30000U);
  auto one_more = call("execute_command", {{"command", "yes é | tr -d '\\n' | head -c 60002"}});
  EXPECT_EQ(one_more.structured["clipped"], true);
  EXPECT_LE(count_chars(one_more.structured["stdout"].get<std::string>()), 30000U);
  EXPECT_EQ(one_more.structured["stdout"].get<std::string>().find("\xEF\xBF\xBD"), std::string::npos);
}

TEST_F(CommandToolsTest, ShowsBothStreamsWhenBothAreLong) {
  auto result =
      call("execute_command", {{"command", "seq 1 50000; echo last out; seq 1 50000 >&2; echo last err >&2"}});
  std::string out = result.structured["stdout"];
  std::string err = result.structured["stderr"];
  EXPECT_LE(count_chars(out) + count_chars(err), kMaxOutputChars);
  EXPECT_THAT(out, HasSubstr("last out"));
  EXPECT_THAT(err, HasSubstr("last err"));
}

TEST_F(CommandToolsTest, SaysWhichSignalEndedTheCommand) {
  auto killed = call("execute_command", {{"command", "kill -9 $$"}});
  EXPECT_EQ(killed.structured["exit_code"], 137);
  EXPECT_THAT(text(killed), HasSubstr("killed by signal 9, SIGKILL"));
  EXPECT_THAT(text(call("execute_command", {{"command", "kill -SEGV $$"}})), HasSubstr("killed by signal 11, SIGSEGV"));
}

TEST_F(CommandToolsTest, RefusesACommandThatIsNone) {
  for (const std::string& command : {std::string(), std::string(" \n\t"), std::string("a\0b", 3)}) {
    for (const char* tool : {"execute_command", "execute_command_async"}) {
      auto result = call(tool, {{"command", command}});
      EXPECT_TRUE(result.is_error);
      EXPECT_THAT(text(result), HasSubstr("command: must not"));
    }
  }
}

TEST_F(CommandToolsTest, RunsACommandOfAMegabyte) {
  std::string command = "# " + std::string(1 << 20, 'x') + "\nread line; echo \"got '$line'\"; exit 5";
  auto result = call("execute_command", {{"command", command}});
  EXPECT_EQ(result.structured["exit_code"], 5) << text(result);
  EXPECT_EQ(result.structured["stdout"], "got ''\n");
}

TEST_F(CommandToolsTest, GivesTheCommandNoInputAndNoToken) {
  auto result = call("execute_command", {{"command", "cat; read x || echo eof; env | grep -c TOKEN"}});
  EXPECT_EQ(result.structured["stdout"], "eof\n0\n");
}

TEST_F(CommandToolsTest, WaitsAMomentForWhatWritesOnBehalfOfTheShell) {
  EXPECT_EQ(call("execute_command", {{"command", "echo x > >(cat)"}}).structured["stdout"], "x\n");
}

TEST_F(CommandToolsTest, SaysThatSomethingGoesOnInTheBackground) {
  auto result = call("execute_command", {{"command", "mkfifo gate; cat gate & echo early"}});
  EXPECT_EQ(result.structured["stdout"], "early\n");
  std::string id = result.structured.value("process_id", "");
  EXPECT_THAT(text(result), HasSubstr("read_process " + id));
  EXPECT_FALSE(call("kill_process", {{"process_id", id}}).is_error);
}

TEST_F(CommandToolsTest, RefusesATimeOutOfNothing) {
  for (double timeout : {0.0, -1.0}) {
    EXPECT_THAT(text(call("execute_command", {{"command", "echo hi"}, {"timeout_s", timeout}})),
                HasSubstr("timeout_s: must be greater than 0"));
  }
  EXPECT_EQ(call("execute_command", {{"command", "echo hi"}, {"timeout_s", 1e300}}).structured["stdout"], "hi\n");
}

TEST_F(CommandToolsTest, PollsShowOnlyWhatIsNew) {
  auto started = call("execute_command_async", {{"command", "while read line; do echo \"<$line>\"; done; exit 6"}});
  const Json process = {{"process_id", started.structured["process_id"]}};
  auto with = [&](Json more) {
    more.update(process);
    return more;
  };
  EXPECT_EQ(text(call("read_process", process)), "Running\n(no new output)\n");
  call("write_process", with({{"input", "one\n"}}));
  EXPECT_EQ(call("read_process", with({{"wait_s", 20}})).structured["stdout"], "<one>\n");
  EXPECT_EQ(call("read_process", process).structured["stdout"], "");
  call("write_process", with({{"input", "two\n"}}));
  EXPECT_EQ(call("read_process", with({{"wait_s", 20}})).structured["stdout"], "<two>\n");
  EXPECT_FALSE(call("write_process", with({{"input", ""}, {"close", true}})).is_error);
  auto end = call("read_process", with({{"wait_s", 20}}));
  EXPECT_EQ(end.structured["exit_code"], 6);
  EXPECT_EQ(end.structured["running"], false);
  EXPECT_EQ(call("read_process", with({{"all", true}})).structured["stdout"], "<one>\n<two>\n");
  EXPECT_THAT(text(call("write_process", with({{"input", "x"}}))), HasSubstr("is closed"));
}

TEST_F(CommandToolsTest, TheTimedOutCommandsFurtherOutputCanBePolled) {
  ASSERT_EQ(::mkfifo((workspace_ / "gate").c_str(), 0600), 0);
  auto result = call("execute_command", {{"command", "echo begun; cat gate; exit 3"}, {"timeout_s", 0.5}});
  const Json process = {{"process_id", result.structured["process_id"]}};
  std::ofstream(workspace_ / "gate") << "ended\n";
  std::string out = result.structured["stdout"];
  Json end;
  do {
    end = call("read_process", {{"process_id", process["process_id"]}, {"wait_s", 20}}).structured;
    out += end["stdout"].get<std::string>();
  } while (end["running"] == true);
  EXPECT_EQ(out, "begun\nended\n");
  EXPECT_EQ(end["exit_code"], 3);
  EXPECT_THAT(text(call("write_process", {{"process_id", process["process_id"]}, {"input", "x"}})),
              HasSubstr("takes no input"));
}

TEST_F(CommandToolsTest, SaysWhatIsWrongWithAProcessNumberOrId) {
  auto ended = call("execute_command", {{"command", "exit 9"}});
  const std::vector<std::tuple<std::string, Json, std::string>> cases = {
      {"read_process", {{"process_id", "p99"}}, "no process 'p99'"},
      {"write_process", {{"process_id", "p99"}, {"input", "x"}}, "no process 'p99'"},
      {"kill_process", {{"process_id", "p99"}}, "no process 'p99'"},
      {"kill_process", {{"process_id", "p1"}}, "has ended already, with exit code 9"},
      {"kill_process", {{"pid", 0}}, "pid: must be a process number greater than 1"},
      {"kill_process", {{"pid", -1}}, "pid: must be a process number greater than 1"},
      {"kill_process", {{"pid", 4194000}}, "no process 4194000"},
      {"kill_process", {{"pid", 5}, {"process_id", "p1"}}, "not both"},
      {"kill_process", {{"pid", ::getpid()}}, "belongs to the sandbox itself"},
      {"kill_process", Json::object(), "give pid or process_id"},
  };
  for (const auto& [tool, args, expected] : cases) {
    auto result = call(tool, args);
    EXPECT_TRUE(result.is_error) << tool << dump_json(args);
    EXPECT_THAT(text(result), HasSubstr(expected)) << tool << dump_json(args);
  }
}

TEST_F(CommandToolsTest, StopsStartingCommandsAtABoundAndSaysSo) {
  std::string refused;
  for (int i = 0; i < 257; ++i) {
    auto started = call("execute_command_async", {{"command", "read x"}});
    if (started.is_error) refused += text(started) + "\n";
  }
  EXPECT_THAT(refused, HasSubstr("256 commands are running already"));
  EXPECT_EQ(std::count(refused.begin(), refused.end(), '\n'), 1);
}

}  // namespace
}  // namespace ottobot::sandboxd
