// The commands that use a running server, as they are typed.

#include <gtest/gtest.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <sys/wait.h>

#include <filesystem>
#include <fstream>

#include "integration/scenario.hpp"
#include "integration/server_process.hpp"
#include "integration/session_client.hpp"
#include "ottobot/ids.hpp"

namespace ottobot::integration {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::seconds kCommand{60};
constexpr std::chrono::seconds kSoon{30};

Json cli_scenario() {
  return scenario({turn(1, {step("Writing it.", {run_command("echo one > one.txt")}), step("The first is done.")}),
                   turn(2, {step("The second is done.")}),
                   turn(3, {step("Sleeping", {run_command("sleep 60")}), step("never said")})});
}

class Cli : public ::testing::Test {
 protected:
  void SetUp() override {
    dir_ = fs::temp_directory_path() / ("oc-" + new_id());
    fs::create_directories(dir_);
    const auto started = server_.start();
    ASSERT_TRUE(started) << started.error().to_string();
    client_.emplace(server_.url());
  }
  void TearDown() override { fs::remove_all(dir_); }

  net::SpawnOptions options(std::vector<std::string> argv) const {
    net::SpawnOptions options;
    options.argv = std::move(argv);
    options.env = {{"PATH", "/usr/bin:/bin"},
                   {"HOME", dir_.string()},
                   {"OTTOBOT_URL", server_.url()},
                   {"TERM", "xterm"},
                   {"LC_ALL", "C.UTF-8"}};
    options.cwd = dir_.string();
    return options;
  }

  // `line` for a shell in which $OTTOBOT is the program.
  net::RunResult shell(const std::string& line) const {
    auto spawning = options({"sh", "-c", line});
    (*spawning.env)["OTTOBOT"] = OTTOBOT_PROGRAM;
    auto result = net::run(std::move(spawning), with_timeout(kCommand));
    EXPECT_TRUE(result) << (result ? "" : result.error().to_string()) << server_.log();
    return result.value_or(net::RunResult{});
  }

  std::string finished_session() const {
    const auto id = client_->create("First");
    EXPECT_FALSE(client_->wait_for_turn(id).is_null()) << server_.log();
    return id;
  }

  ServerProcess server_{cli_scenario()};
  std::optional<SessionClient> client_;
  fs::path dir_;
};

TEST_F(Cli, PipedLinesArePromptsAnsweredInOrder) {
  const auto chat = shell("printf 'First\\n\\nSecond\\n' | $OTTOBOT chat");
  EXPECT_EQ(chat.status.code, 0) << chat.out << chat.err;
  const auto first = chat.out.find("The first is done.\n"), second = chat.out.find("The second is done.\n");
  ASSERT_NE(first, std::string::npos) << chat.out << chat.err;
  ASSERT_NE(second, std::string::npos) << chat.out;
  EXPECT_LT(first, second);
  EXPECT_NE(chat.out.find("→ execute_command echo one > one.txt\n"), std::string::npos) << chat.out;
  EXPECT_EQ(chat.out.find('\x1b'), std::string::npos) << "colours without a terminal";
  EXPECT_EQ(chat.out.find("The first is done.", first + 1), std::string::npos) << "streamed and said again";
}

TEST_F(Cli, ATurnThatDoesNotCompleteIsTheExitStatus) {
  const auto id = finished_session();
  ASSERT_TRUE(client_->prompt(id, "Second"));
  const auto stopped = shell("(printf 'Third\\n'; sleep 1) | $OTTOBOT chat " + id + " & pid=$!; until $OTTOBOT logs " +
                             id + " | grep -q 'calling execute_command' && curl -s " + server_.url() + "/session/" +
                             id + " | grep -q running; do sleep 0.2; done; sleep 1; curl -s -X POST " + server_.url() +
                             "/session/" + id + "/stop; wait $pid");
  EXPECT_EQ(stopped.status.code, 1) << stopped.out << stopped.err;
  EXPECT_NE(stopped.out.find("Turn stopped"), std::string::npos) << stopped.out;
}

TEST_F(Cli, JsonFramesAreTheVisibleEventsOfASession) {
  const auto id = finished_session();
  const auto chat = shell("$OTTOBOT chat --json " + id + " </dev/null");
  EXPECT_EQ(chat.status.code, 0) << chat.err;
  std::vector<std::int64_t> seqs, expected;
  std::istringstream lines(chat.out);
  for (std::string line; std::getline(lines, line);) {
    const auto frame = parse_json(line);
    ASSERT_TRUE(frame) << line;
    if (const auto seq = get_int(*frame, "seq"); seq > 0) seqs.push_back(seq);
  }
  for (const Json& event : client_->events(id)) {
    const auto type = get_string(event, "type");
    const bool silent = type == "agent_message" && get_string(event["data"], "content").empty();
    if (type == "session_created" || type == "model_call_started" || type == "log" || silent) continue;
    expected.push_back(get_int(event, "seq"));
  }
  EXPECT_EQ(seqs, expected);
}

TEST_F(Cli, SessionsLogsDownloadAndRm) {
  const auto id = finished_session();
  const auto sessions = shell("$OTTOBOT sessions");
  EXPECT_NE(sessions.out.find(id), std::string::npos) << sessions.out << sessions.err;
  EXPECT_NE(sessions.out.find("First"), std::string::npos) << sessions.out;
  EXPECT_EQ(get_int(parse_json(shell("$OTTOBOT sessions --json").out).value_or(Json()), "total"), 1);

  EXPECT_NE(shell("$OTTOBOT logs " + id).out.find("turn completed\n"), std::string::npos);
  const auto last = shell("$OTTOBOT logs -n 1 --json " + id).out;
  EXPECT_FALSE(get_string(parse_json(last).value_or(Json()), "timestamp").empty()) << last;

  const auto folder = shell("$OTTOBOT download " + id + " -o project && cat project/one.txt");
  EXPECT_EQ(folder.out, (dir_ / "project").string() + "\none\n") << folder.err;
  EXPECT_EQ(shell("$OTTOBOT download " + id + " one.txt -o -").out, "one\n");
  EXPECT_EQ(shell("$OTTOBOT download " + id + " && unzip -p ottobot-" + id + ".zip one.txt").out,
            "ottobot-" + id + ".zip\none\n");
  EXPECT_EQ(shell("printf on > one.txt.part; $OTTOBOT download " + id + " one.txt && cat one.txt").out,
            "one.txt\none\n");

  const auto removed = shell("$OTTOBOT logs -f " + id + " >followed & $OTTOBOT rm " + id + " && wait");
  EXPECT_EQ(removed.out, id + "\n") << removed.err;
  EXPECT_NE(shell("cat followed").out.find("delete requested"), std::string::npos) << "it follows to the end";
  EXPECT_TRUE(client_->wait_for_status(id, "terminated", kSoon));
}

TEST_F(Cli, ErrorsSayWhatToDo) {
  const auto unknown = shell("$OTTOBOT logs V1StGXR8_Z5jdHi6B-myT");
  EXPECT_EQ(unknown.status.code, 1);
  EXPECT_NE(unknown.err.find("error: Session not found"), std::string::npos) << unknown.err;
  const auto nobody = shell("$OTTOBOT sessions --url http://127.0.0.1:1");
  EXPECT_EQ(nobody.status.code, 1);
  EXPECT_NE(nobody.err.find("no server at http://127.0.0.1:1"), std::string::npos) << nobody.err;
  EXPECT_NE(nobody.err.find("ottobot serve"), std::string::npos) << nobody.err;
  EXPECT_EQ(shell("echo hi | $OTTOBOT chat --url http://127.0.0.1:1").status.code, 1);
  const auto gone = shell("echo hi | $OTTOBOT chat V1StGXR8_Z5jdHi6B-myT");
  EXPECT_EQ(gone.status.code, 1);
  EXPECT_NE(gone.err.find("Session not found"), std::string::npos) << gone.err;
  EXPECT_EQ(shell("$OTTOBOT chat </dev/null").status.code, 2);
  const auto typo = shell("$OTTOBOT sesions");
  EXPECT_EQ(typo.status.code, 2);
  EXPECT_NE(typo.err.find("did you mean ottobot sessions?"), std::string::npos) << typo.err;
  EXPECT_NE(shell("$OTTOBOT").out.find("ottobot doctor"), std::string::npos);
}

TEST_F(Cli, EveryRequestHasAnIdInItsAnswerAndInTheLog) {
  const auto curl = [&](const std::string& rest) {
    return shell("curl -si " + rest + " " + server_.url() + "/session").out;
  };
  EXPECT_NE(curl("-H 'X-Request-Id: mine-1'").find("X-Request-Id: mine-1\r\n"), std::string::npos);
  EXPECT_EQ(curl("-H 'X-Request-Id: a b'").find("X-Request-Id: a b"), std::string::npos);
  Json line;
  std::istringstream log(server_.log());
  for (std::string text; std::getline(log, text);) {
    auto entry = parse_json(text);
    ASSERT_TRUE(entry) << text;
    if (get_string(*entry, "request_id") == "mine-1") line = *entry;
  }
  EXPECT_EQ(get_string(line, "method"), "GET") << server_.log();
  EXPECT_EQ(get_string(line, "path"), "/session");
  EXPECT_EQ(get_int(line, "status"), 200);
  EXPECT_TRUE(line.contains("duration_ms") && line.contains("bytes") && line.contains("timestamp")) << line;
}

// The program on a terminal of its own.
class OnTerminal {
 public:
  explicit OnTerminal(net::SpawnOptions options) {
    winsize size{24, 80, 0, 0};
    pid_ = ::forkpty(&fd_, nullptr, nullptr, &size);
    if (pid_ != 0) return;
    for (const auto& [name, value] : *options.env) ::setenv(name.c_str(), value.c_str(), 1);
    std::vector<char*> argv;
    for (auto& word : options.argv) argv.push_back(word.data());
    argv.push_back(nullptr);
    if (::chdir(options.cwd.c_str()) == 0) ::execv(argv[0], argv.data());
    ::_exit(127);
  }
  ~OnTerminal() {
    if (pid_ > 0 && !ended_) {
      ::kill(pid_, SIGKILL);
      ::waitpid(pid_, nullptr, 0);
    }
    ::close(fd_);
  }

  void type(const std::string& keys) const {
    EXPECT_EQ(::write(fd_, keys.data(), keys.size()), static_cast<ssize_t>(keys.size()));
  }

  // Reads on until `text` has come `times` times in all.
  bool shows(const std::string& text, int times = 1) {
    const auto ctx = with_timeout(kSoon);
    while (count(text) < times) {
      pollfd waiting{fd_, POLLIN, 0};
      char chunk[4096];
      if (::poll(&waiting, 1, static_cast<int>(ctx.remaining().count())) <= 0) return false;
      const ssize_t got = ::read(fd_, chunk, sizeof chunk);
      if (got <= 0) return false;
      screen_.append(chunk, static_cast<std::size_t>(got));
    }
    return true;
  }

  int exit_status() {
    shows("\x01 nobody says this");  // to the end of its output
    int status = 0;
    ended_ = ::waitpid(pid_, &status, 0) == pid_;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

  int count(const std::string& text) const {
    int found = 0;
    for (std::size_t at = 0; (at = screen_.find(text, at)) != std::string::npos; at += text.size()) ++found;
    return found;
  }
  const std::string& screen() const { return screen_; }

 private:
  int fd_ = -1;
  pid_t pid_ = -1;
  bool ended_ = false;
  std::string screen_;
};

TEST_F(Cli, OnATerminalLinesAreEditedAndCtrlCStopsTheTurn) {
  OnTerminal chat(options({OTTOBOT_PROGRAM, "chat"}));
  ASSERT_TRUE(chat.shows("> ")) << chat.screen();
  chat.type("Frist\x7f\x7f\x7f\x7first\r");  // four backspaces
  ASSERT_TRUE(chat.shows("The first is done.")) << chat.screen();
  ASSERT_TRUE(chat.shows("Turn completed")) << chat.screen();
  chat.type("Second\r");
  ASSERT_TRUE(chat.shows("The second is done.")) << chat.screen();
  ASSERT_TRUE(chat.shows("Turn completed", 2)) << chat.screen();
  chat.type("Third\r");
  ASSERT_TRUE(chat.shows("sleep 60")) << chat.screen();
  chat.type("\x03");
  ASSERT_TRUE(chat.shows("Turn stopped")) << chat.screen();
  chat.type("\x04");
  EXPECT_EQ(chat.exit_status(), 0) << chat.screen();
  const auto sessions = client_->get("/session?limit=1");
  EXPECT_EQ(get_string(sessions["sessions"][0], "initial_prompt"), "First");
}

TEST_F(Cli, TheSecondCtrlCLeavesAndTheSessionGoesOn) {
  const auto id = finished_session();
  OnTerminal chat(options({OTTOBOT_PROGRAM, "chat", id}));
  ASSERT_TRUE(chat.shows("The first is done.")) << "history: " << chat.screen();
  chat.type("\x03");
  ASSERT_TRUE(chat.shows("again")) << chat.screen();
  chat.type("\x03");
  EXPECT_EQ(chat.exit_status(), 130) << chat.screen();
  EXPECT_EQ(get_string(client_->get("/session/" + id), "status"), "ready");
}

}  // namespace
}  // namespace ottobot::integration
