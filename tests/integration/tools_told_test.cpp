// What a model is told about tool calls that do not go the easy way, through a whole session.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "integration/scenario.hpp"
#include "integration/server_process.hpp"
#include "integration/session_client.hpp"

namespace ottobot::integration {
namespace {

using ::testing::HasSubstr;

struct Told {
  Json call;
  std::string outcome;
  std::string text;  // a part of it
  Json exit_code = nullptr;
};

std::vector<Told> cases() {
  const auto write = [](std::string path, std::string content) {
    return call("write_file", {{"path", std::move(path)}, {"content", std::move(content)}});
  };
  const auto edit = [](std::string path, std::string old_text, std::string new_text) {
    return call("edit_file",
                {{"path", std::move(path)}, {"old_text", std::move(old_text)}, {"new_text", std::move(new_text)}});
  };
  const auto patch = [](std::string text) { return call("apply_patch", {{"patch", std::move(text)}}); };
  const auto read = [](std::string path) { return call("read_file", {{"path", std::move(path)}}); };
  return {
      {run_command("echo out; echo err >&2; exit 3"), "ok", "Exit code: 3\nSTDOUT:\nout\nSTDERR:\nerr\n", 3},
      {run_command("kill -9 $$"), "ok", "killed by signal 9, SIGKILL", 137},
      {run_command("printf 'a\\377b'"), "ok",
       "a\xEF\xBF\xBD"
       "b",
       0},
      {run_command("seq 1 100000"), "ok", "99999\n100000\n", 0},
      {call("execute_command", {{"command", "echo begun; sleep 600"}, {"timeout_s", 0.5}}), "ok", "read_process p"},
      {run_command("sleep 600 & echo started"), "ok", "it left something running in the background", 0},
      {call("execute_command", {{"command", "pwd"}, {"cwd", "/etc"}}), "error", "outside the workspace"},
      {write("dir/notes.txt", "one\ntwo\n"), "ok", "Successfully wrote 8 characters to dir/notes.txt"},
      {edit("dir/notes.txt", "twoo", "2"), "error", "the nearest is in line 2:\n2: two"},
      {run_command("echo three >> dir/notes.txt"), "ok", "Exit code: 0", 0},
      {edit("dir/notes.txt", "two", "2"), "error", "has changed since it was last read"},
      {read("dir/notes.txt"), "ok", "one\ntwo\nthree\n"},
      {edit("dir/notes.txt", "two", "2"), "ok", "-two\n+2\n"},
      {run_command("chmod 755 dir/notes.txt; mkfifo pipe; ln -s /etc/passwd passwd"), "ok", "Exit code: 0", 0},
      {patch("*** Begin Patch\n*** Update File: dir/notes.txt\n@@\n one\n-zwei\n+two\n*** End Patch"), "error",
       "line 2 is '2' where it has 'zwei'"},
      {patch(
           "*** Begin Patch\n*** Update File: dir/notes.txt\n*** Move to: moved.sh\n@@\n one\n-2\n+two\n*** End Patch"),
       "ok", "delete dir/notes.txt\ncreate moved.sh\n"},
      {run_command("stat -c %a moved.sh"), "ok", "755\n", 0},
      {read("pipe"), "error", "'pipe' is a named pipe, not a file"},
      {read("passwd"), "error", "outside the workspace"},
      {read("../../etc/passwd"), "error", "outside the workspace"},
      {call("search_files", {{"pattern", "("}}), "error", "no valid regular expression"},
      {call("find_files", {{"glob", "*.sh"}}), "ok", "moved.sh\n"},
      {call("read_process", {{"process_id", "p999"}}), "error", "no process 'p999'"},
  };
}

TEST(ToolCalls, TheModelIsToldWhatReallyHappened) {
  const std::vector<Told> told = cases();
  std::vector<Json> steps;
  for (const Told& one : told) steps.push_back(step("", {one.call}));
  steps.push_back(step("done"));
  ServerProcess server(scenario({turn(1, steps)}));
  const auto started = server.start();
  ASSERT_TRUE(started) << started.error().to_string();
  SessionClient client(server.url());
  const std::string id = client.create("try the tools");
  const Json end = client.wait_for_turn(id);
  ASSERT_EQ(get_string(end.value("data", Json::object()), "outcome"), "completed") << end << server.log();
  const Events results = of_type(client.events(id), "tool_result");
  ASSERT_EQ(results.size(), told.size());
  for (std::size_t i = 0; i < told.size(); ++i) {
    const Json& data = results[i]["data"];
    EXPECT_EQ(get_string(data, "outcome"), told[i].outcome) << data;
    EXPECT_THAT(get_string(data["content"].at(0), "text"), HasSubstr(told[i].text)) << told[i].call;
    EXPECT_EQ(data.value("exit_code", Json()), told[i].exit_code) << data;
  }
}

}  // namespace
}  // namespace ottobot::integration
