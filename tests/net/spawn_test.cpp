#include "net/process/spawn.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "ottobot/ids.hpp"

namespace ottobot::net {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

SpawnOptions shell(const std::string& script) {
  SpawnOptions options;
  options.argv = {"sh", "-c", script};
  return options;
}

class SpawnTest : public testing::Test {
 protected:
  CallContext ctx_ = with_timeout(20s);
};

TEST_F(SpawnTest, CollectsOutputAndExitCode) {
  auto result = run(shell("echo out; echo err >&2; exit 3"), ctx_);
  ASSERT_TRUE(result) << result.error().to_string();
  EXPECT_EQ(result->out, "out\n");
  EXPECT_EQ(result->err, "err\n");
  EXPECT_EQ(result->status.code, 3);
  EXPECT_EQ(result->status.signal, 0);
}

TEST_F(SpawnTest, ReportsTheSignalThatEndedTheChild) {
  auto result = run(shell("kill -TERM $$"), ctx_);
  ASSERT_TRUE(result) << result.error().to_string();
  EXPECT_EQ(result->status.signal, SIGTERM);
  EXPECT_EQ(result->status.code, 128 + SIGTERM);
}

TEST_F(SpawnTest, NamesAProgramThatDoesNotExist) {
  SpawnOptions options;
  options.argv = {"no-such-program-here"};
  auto process = spawn(options);
  ASSERT_FALSE(process);
  EXPECT_EQ(process.error().code, ErrorCode::not_found);
  EXPECT_THAT(process.error().message, HasSubstr("no-such-program-here"));
}

TEST_F(SpawnTest, RefusesAFileThatIsNotExecutable) {
  SpawnOptions options;
  options.argv = {"/etc/passwd"};
  auto process = spawn(options);
  ASSERT_FALSE(process);
  EXPECT_EQ(process.error().code, ErrorCode::permission_denied);
}

TEST_F(SpawnTest, RefusesAMissingFolder) {
  SpawnOptions options = shell("true");
  options.cwd = "/no/such/folder";
  auto process = spawn(options);
  ASSERT_FALSE(process);
  EXPECT_EQ(process.error().code, ErrorCode::invalid_argument);
}

TEST_F(SpawnTest, RunsInTheGivenFolderWithTheGivenEnvironment) {
  SpawnOptions options = shell("pwd; env | grep -v -e ^PWD -e ^_ -e ^SHLVL -e ^OLDPWD");
  options.cwd = "/usr";
  options.env = std::map<std::string, std::string>{{"PATH", "/usr/bin:/bin"}, {"GREETING", "hello world"}};
  auto result = run(options, ctx_);
  ASSERT_TRUE(result) << result.error().to_string();
  EXPECT_EQ(result->out, "/usr\nGREETING=hello world\nPATH=/usr/bin:/bin\n");
}

TEST_F(SpawnTest, CutsOutputButReadsItToTheEnd) {
  auto result = run(shell("head -c 300000 /dev/zero; exit 4"), ctx_, 1000);
  ASSERT_TRUE(result) << result.error().to_string();
  EXPECT_EQ(result->out.size(), 1000u);
  EXPECT_EQ(result->status.code, 4);
}

TEST_F(SpawnTest, DoesNotWaitForWhatTheChildLeftBehind) {
  SpawnOptions options = shell("sleep 60 & echo $!");
  auto result = run(options, ctx_.within(10s));
  ASSERT_TRUE(result) << result.error().to_string();
  ::kill(static_cast<pid_t>(std::stoi(result->out)), SIGKILL);
}

TEST_F(SpawnTest, DeadlineKillsTheWholeGroup) {
  auto gate = make_pipe();
  ASSERT_TRUE(gate);
  SpawnOptions options = shell("sleep 60 & sleep 60");
  options.extra_fds = {{gate->second.get(), 9}};
  auto result = run(options, ctx_.within(100ms));
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::deadline_exceeded);
  gate->second.reset();
  // Both sleeps held the write end: end of file means that they are gone.
  char byte = 0;
  EXPECT_EQ(::read(gate->first.get(), &byte, 1), 0);
}

TEST_F(SpawnTest, StopWakesAWaiterAndTheChildGoesOn) {
  auto process = spawn(shell("sleep 60"));
  ASSERT_TRUE(process);
  std::stop_source stop;
  std::thread stopper([&] { stop.request_stop(); });
  auto status = process->wait(ctx_.with_stop(stop.get_token()));
  stopper.join();
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, ErrorCode::cancelled);
  EXPECT_FALSE(process->try_wait());
  process->kill_group();
  auto ended = process->wait(ctx_);
  ASSERT_TRUE(ended);
  EXPECT_EQ(ended->signal, SIGKILL);
  EXPECT_EQ(process->try_wait()->signal, SIGKILL);
}

TEST_F(SpawnTest, HandsOverDescriptorsUnderTheirNewNumbersEvenWhenSwapped) {
  auto first = make_pipe(), second = make_pipe();
  ASSERT_TRUE(first && second);
  const int a = first->second.get(), b = second->second.get();
  SpawnOptions options;
  options.argv = {"sh", "-c", "echo one >&" + std::to_string(b) + "; echo two >&" + std::to_string(a)};
  // dash takes one digit only.
  options.argv[0] = "bash";
  options.extra_fds = {{a, b}, {b, a}};
  auto result = run(options, ctx_);
  ASSERT_TRUE(result) << result.error().to_string();
  char buffer[16];
  EXPECT_EQ(std::string(buffer, static_cast<std::size_t>(::read(first->first.get(), buffer, sizeof buffer))), "one\n");
  EXPECT_EQ(std::string(buffer, static_cast<std::size_t>(::read(second->first.get(), buffer, sizeof buffer))), "two\n");
}

TEST_F(SpawnTest, KeepsOtherDescriptorsOutOfTheChild) {
  // Opened without close-on-exec, as a careless library would.
  UniqueFd leaked(::open("/dev/zero", O_RDONLY));
  ASSERT_TRUE(leaked);
  auto result = run(shell("ls -l /proc/self/fd"), ctx_);
  ASSERT_TRUE(result);
  EXPECT_THAT(result->out, Not(HasSubstr("/dev/zero")));
  EXPECT_THAT(result->out, HasSubstr("/dev/null"));
}

TEST_F(SpawnTest, ChildStartsWithDefaultSignals) {
  ::signal(SIGPIPE, SIG_IGN);
  auto result = run(shell("grep -E 'SigBlk|SigIgn' /proc/self/status"), ctx_);
  ::signal(SIGPIPE, SIG_DFL);
  ASSERT_TRUE(result);
  EXPECT_EQ(result->out, "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n");
}

TEST_F(SpawnTest, NewSessionLeadsItsOwnSession) {
  SpawnOptions options = shell("ps -o sid= -p $$; echo $$");
  options.new_session = true;
  auto result = run(options, ctx_);
  ASSERT_TRUE(result);
  std::istringstream numbers(result->out);
  int sid = 0, pid = -1;
  numbers >> sid >> pid;
  EXPECT_EQ(sid, pid);
}

TEST_F(SpawnTest, DropsToAnotherUserWithoutItsParentsGroups) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root";
  SpawnOptions options = shell("id -u; id -G");
  options.uid = 65534;
  options.gid = 65534;
  auto result = run(options, ctx_);
  ASSERT_TRUE(result) << result.error().to_string();
  EXPECT_EQ(result->out, "65534\n65534\n");
}

TEST_F(SpawnTest, ChildDiesWithTheThreadThatStartedIt) {
  Process process;
  std::thread parent([&] {
    SpawnOptions options = shell("exec sleep 60");
    options.die_with_parent = true;
    process = std::move(*spawn(options));
  });
  parent.join();
  auto status = process.wait(ctx_);
  ASSERT_TRUE(status) << status.error().to_string();
  EXPECT_EQ(status->signal, SIGKILL);
}

TEST_F(SpawnTest, RefusesWhatCannotBePassedOn) {
  SpawnOptions options = shell("true");
  options.argv.push_back(std::string("a\0b", 3));
  EXPECT_EQ(spawn(options).error().code, ErrorCode::invalid_argument);
  options = shell("true");
  options.env = std::map<std::string, std::string>{{"A=B", "c"}};
  EXPECT_EQ(spawn(options).error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(spawn(SpawnOptions{}).error().code, ErrorCode::invalid_argument);
}

TEST_F(SpawnTest, ManyThreadsSpawnAtOnce) {
  std::vector<std::thread> threads;
  std::atomic<int> right{0};
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&, i] {
      for (int round = 0; round < 10; ++round) {
        auto result = run(shell("echo " + std::to_string(i)), ctx_);
        if (result && result->out == std::to_string(i) + "\n") ++right;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(right, 80);
}

TEST(HasProgram, FindsWhatPathHas) {
  EXPECT_TRUE(has_program("sh"));
  EXPECT_TRUE(has_program("/bin/sh"));
  EXPECT_FALSE(has_program("no-such-program-here"));
}

}  // namespace
}  // namespace ottobot::net
