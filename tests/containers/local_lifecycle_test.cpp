// How sandboxes begin and end: crashes, leftovers, failures.
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>

#include "containers/local/process_identity.hpp"
#include "containers/local/sandbox_record.hpp"
#include "containers/local_fixture.hpp"
#include "ottobot/ids.hpp"

namespace ottobot::containers {
namespace {

namespace fs = std::filesystem;
using LocalLifecycle = LocalSandboxTest;
using ::testing::HasSubstr;

int open_descriptors() {
  return static_cast<int>(std::distance(fs::directory_iterator("/proc/self/fd"), fs::directory_iterator{}));
}

int own_zombies() {
  int zombies = 0;
  for (const auto& entry : fs::directory_iterator("/proc")) {
    std::ifstream file(entry.path() / "stat");
    std::string line;
    std::getline(file, line);
    const auto end = line.rfind(") ");
    if (end == std::string::npos) continue;
    if (line.compare(end + 2, 2, "Z ") == 0 && std::atoi(line.c_str() + end + 4) == ::getpid()) ++zombies;
  }
  return zombies;
}

TEST_F(LocalLifecycle, WorkspaceFilesSurviveAStopAndGoWithTheRemoval) {
  const Sandbox first = launched(params());
  ASSERT_EQ(run_in(first, "echo kept > ~/workspace/file").exit_code, 0);
  ASSERT_TRUE(backend_->stop("box", std::chrono::milliseconds(500), ctx()));
  const Sandbox second = launched(params());
  EXPECT_NE(first.endpoint.token, second.endpoint.token);
  EXPECT_EQ(run_in(second, "cat ~/workspace/file").output, "kept\n");
  ASSERT_EQ(run_in(second, "echo more >> ~/workspace/file").exit_code, 0);
  ASSERT_TRUE(backend_->remove("box", ctx()));
  EXPECT_FALSE(fs::exists(sandbox_folder()));
}

TEST_F(LocalLifecycle, TwentyLaunchesAndRemovalsLeaveNothing) {
  launched(params());
  ASSERT_TRUE(backend_->remove("box", ctx()));
  const int descriptors = open_descriptors();
  for (int i = 0; i < 20; ++i) {
    const Sandbox box = launched(params());
    ASSERT_EQ(run_in(box, "(sleep 1000 & setsid -f sleep 1000) >/dev/null 2>&1; mkdir -p ~/workspace/a/b").exit_code,
              0);
    ASSERT_TRUE(backend_->remove("box", ctx()));
  }
  EXPECT_EQ(open_descriptors(), descriptors);
  EXPECT_EQ(own_zombies(), 0);
  EXPECT_EQ(traces_of(options_.state_dir, options_.instance), std::set<std::string>{});
  EXPECT_TRUE(fs::is_empty(options_.state_dir + "/sandboxes"));
  EXPECT_TRUE(!fs::exists(options_.runtime_dir + "/uids") || fs::is_empty(options_.runtime_dir + "/uids"));
}

TEST_F(LocalLifecycle, ASandboxOfAKilledServerIsFoundAndRemoved) {
  const pid_t server = ::fork();
  if (server == 0) {
    auto backend = make_local_backend(options_);
    LaunchParams wanted = params();
    wanted.labels["io.ottobot.session"] = "s";
    if (!backend || !(*backend)->launch(wanted, nullptr, ctx())) ::_exit(1);
    ::kill(::getpid(), SIGKILL);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(server, &status, 0), server);
  ASSERT_TRUE(WIFSIGNALED(status));
  auto found = backend_->list({{"io.ottobot.session", "s"}}, ctx());
  ASSERT_TRUE(found && found->size() == 1);
  EXPECT_EQ(found->front().state, SandboxState::running);
  EXPECT_EQ(run_in(found->front(), "echo still here").output, "still here\n");
  ASSERT_TRUE(backend_->remove("box", ctx()));
  EXPECT_EQ(traces_of(options_.state_dir, options_.instance), std::set<std::string>{});
}

// Kills the launching process at instants spread over a whole launch.
TEST_F(LocalLifecycle, ALaunchKilledAtAnyInstantLeavesSomethingRemovable) {
  for (int step = 0; step < 24; ++step) {
    const pid_t server = ::fork();
    if (server == 0) {
      auto backend = make_local_backend(options_);
      if (backend) (void)(*backend)->launch(params(), nullptr, ctx());
      ::_exit(0);
    }
    ::usleep(static_cast<useconds_t>(step) * 3'000);
    ::kill(server, SIGKILL);
    ASSERT_EQ(::waitpid(server, nullptr, 0), server);
    if (step % 2 == 0) {
      EXPECT_EQ(run_in(launched(params()), "echo relaunched").output, "relaunched\n") << step;
    }
    ASSERT_TRUE(backend_->list({}, ctx()));
    auto removed = backend_->remove("box", ctx());
    ASSERT_TRUE(removed) << step << " " << removed.error().to_string();
    EXPECT_FALSE(fs::exists(sandbox_folder())) << step;
    // An orphan that never got past its gate ends by itself, a moment later.
    EXPECT_TRUE(waits_until([&] { return traces_of(options_.state_dir, options_.instance).empty(); }))
        << step << ": " << ::testing::PrintToString(traces_of(options_.state_dir, options_.instance));
  }
}

// As with workers that share a host: one launches, another removes, and only the first can reap.
TEST_F(LocalLifecycle, WhatAnotherProcessEndedLeavesNoZombie) {
  launched(params());
  const auto record = load_record(sandbox_folder() + "/sandbox.json");
  ASSERT_TRUE(record);
  const pid_t other = ::fork();
  if (other == 0) ::_exit(backend_->remove("box", ctx()) ? 0 : 1);
  int status = -1;
  ASSERT_EQ(::waitpid(other, &status, 0), other);
  ASSERT_EQ(status, 0);
  ASSERT_TRUE(backend_->list({}, ctx()));
  EXPECT_TRUE(waits_until([&] {
    (void)backend_->list({}, ctx());
    return !read_process_stat(record->supervisor.pid).has_value();
  }));
}

TEST_F(LocalLifecycle, ASandboxThatDiesIsSeenAsExitedAndReplaced) {
  const Sandbox first = launched(params());
  run_in(first, "kill -TERM 1");
  ASSERT_TRUE(waits_until([&] { return backend_->inspect("box", ctx())->state == SandboxState::exited; }));
  EXPECT_EQ(run_in(launched(params()), "echo again").output, "again\n");
}

TEST_F(LocalLifecycle, ADaemonThatEndsFailsTheLaunchWithItsLogAndLeavesNothing) {
  LaunchParams wrong = params();
  wrong.env["TEST_DAEMON"] = "exit";
  auto sandbox = backend_->launch(wrong, nullptr, ctx());
  ASSERT_FALSE(sandbox);
  EXPECT_EQ(sandbox.error().code, ErrorCode::unavailable);
  EXPECT_THAT(sandbox.error().message, HasSubstr("as asked, it ends"));
  EXPECT_FALSE(fs::exists(sandbox_folder()));
  EXPECT_EQ(traces_of(options_.state_dir, options_.instance), std::set<std::string>{});
}

TEST_F(LocalLifecycle, ADaemonThatNeverAnswersEndsWithTheDeadline) {
  LaunchParams wrong = params();
  wrong.env["TEST_DAEMON"] = "mute";
  auto sandbox = backend_->launch(wrong, nullptr, ctx(std::chrono::milliseconds(700)));
  ASSERT_FALSE(sandbox);
  EXPECT_EQ(sandbox.error().code, ErrorCode::deadline_exceeded);
  EXPECT_FALSE(fs::exists(sandbox_folder()));
}

TEST_F(LocalLifecycle, RemoveEndsALaunchThatIsUnderWay) {
  LaunchParams slow = params();
  slow.env["TEST_DAEMON"] = "mute";
  std::jthread launcher([&] { EXPECT_FALSE(backend_->launch(slow, nullptr, ctx())); });
  ASSERT_TRUE(
      waits_until([&] { return backend_->logs("box", 5, ctx()).value_or("").find("starts") != std::string::npos; }));
  const auto begin = std::chrono::steady_clock::now();
  ASSERT_TRUE(backend_->remove("box", ctx()));
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(5));
  EXPECT_FALSE(fs::exists(sandbox_folder()));
}

TEST_F(LocalLifecycle, StopWaitsForTheGraceAndNoLonger) {
  LaunchParams stubborn = params("stubborn");
  stubborn.env["TEST_DAEMON"] = "stubborn";
  launched(stubborn);
  launched(params("polite"));
  auto begin = std::chrono::steady_clock::now();
  ASSERT_TRUE(backend_->stop("polite", std::chrono::seconds(20), ctx()));
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(5));
  begin = std::chrono::steady_clock::now();
  ASSERT_TRUE(backend_->stop("stubborn", std::chrono::milliseconds(300), ctx()));
  const auto took = std::chrono::steady_clock::now() - begin;
  EXPECT_GE(took, std::chrono::milliseconds(300));
  EXPECT_LT(took, std::chrono::seconds(5));
}

TEST_F(LocalLifecycle, APausedSandboxUsesNoProcessorTime) {
  const Sandbox box = launched(params());
  run_in(box, "setsid -f sh -c 'while :; do :; done' >/dev/null 2>&1");
  ASSERT_TRUE(backend_->pause("box", ctx()));
  const auto before = backend_->stats("box", ctx());
  ::usleep(100'000);
  const auto after = backend_->stats("box", ctx());
  ASSERT_TRUE(before && after);
  EXPECT_LT(after->cpu_time_us - before->cpu_time_us, 5'000u);
  ASSERT_TRUE(backend_->resume("box", ctx()));
  EXPECT_TRUE(waits_until([&] { return backend_->stats("box", ctx())->cpu_time_us > after->cpu_time_us + 10'000; }));
}

TEST_F(LocalLifecycle, TwoInstancesDoNotTouchEachOther) {
  LocalBackendOptions others = options_;
  others.state_dir = folder_.path() + "/other";
  others.instance += "-other";
  auto other = make_local_backend(others);
  ASSERT_TRUE(other) << other.error().to_string();
  const Sandbox mine = launched(params());
  auto theirs = (*other)->launch(params(), nullptr, ctx());
  ASSERT_TRUE(theirs) << theirs.error().to_string();
  EXPECT_EQ(mine.labels.at(labels::kInstance), options_.instance);
  EXPECT_EQ(theirs->labels.at(labels::kInstance), others.instance);
  if (::geteuid() == 0) {
    EXPECT_NE(mine.endpoint.peer_uid, theirs->endpoint.peer_uid);
  }
  ASSERT_TRUE(backend_->remove("box", ctx()));
  EXPECT_EQ(run_in(*theirs, "echo untouched").output, "untouched\n");
  EXPECT_TRUE((*other)->remove("box", ctx()));
}

TEST_F(LocalLifecycle, ALongStateFolderStillGetsAShortSocketPath) {
  options_.state_dir = folder_.path() + "/" + std::string(90, 'd');
  backend_ = std::move(*make_local_backend(options_));
  const Sandbox box = launched(params());
  EXPECT_LT(box.endpoint.url.size(), std::size_t{108 + 5});
  EXPECT_EQ(run_in(box, "echo reached").output, "reached\n");
  ASSERT_TRUE(backend_->remove("box", ctx()));
  for (const auto& entry : fs::directory_iterator(options_.runtime_dir)) {
    EXPECT_THAT(entry.path().filename().string(), ::testing::MatchesRegex("uids|etc-[0-9a-f]+"));
  }
}

TEST_F(LocalLifecycle, AHostileWorkspaceIsRemoved) {
  const Sandbox box = launched(params());
  const auto made =
      run_in(box,
             "cd ~/workspace && ln -s / root-link && mkfifo pipe && mkdir -p locked/in && chmod 0 locked && "
             "python3 -c \"import os\nfor i in range(1200): os.mkdir('d'); os.chdir('d')\"");
  EXPECT_EQ(made.exit_code, 0) << made.output;
  auto removed = backend_->remove("box", ctx());
  EXPECT_TRUE(removed) << removed.error().to_string();
  EXPECT_FALSE(fs::exists(sandbox_folder()));
  EXPECT_TRUE(fs::exists("/usr/bin"));
}

}  // namespace
}  // namespace ottobot::containers
