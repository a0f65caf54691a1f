// An engine that hangs, is gone, or starts again. Nothing else may use the engine meanwhile.
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <fstream>

#include "containers/docker_fixture.hpp"

namespace ottobot::containers {
namespace {

using ::testing::HasSubstr;
using Clock = std::chrono::steady_clock;

class DockerFault : public DockerTest {
 protected:
  void SetUp() override {
    DockerTest::SetUp();
    if (!backend_) return;
    pid_ = engine_pid();
    if (pid_ <= 0) {
      backend_.reset();
      GTEST_SKIP() << "the engine is not ours to stop";
    }
  }

  static std::filesystem::path folder_of_engine() {
    return std::filesystem::read_symlink("/proc/self/exe").parent_path().parent_path() / "docker-engine";
  }
  static pid_t engine_pid() {
    std::string work;
    std::getline(std::ifstream(folder_of_engine() / "work") >> std::ws, work);
    pid_t pid = 0;
    std::ifstream(work + "/dockerd.pid") >> pid;
    return pid;
  }
  static bool restart_engine() {
    return std::system((std::string(OTTOBOT_ENGINE_SCRIPT) + " restart " + folder_of_engine().string()).c_str()) == 0;
  }

  pid_t pid_ = 0;
};

// Stopped until the end of the scope.
class Frozen {
 public:
  explicit Frozen(pid_t pid) : pid_(pid) { ::kill(pid_, SIGSTOP); }
  ~Frozen() { ::kill(pid_, SIGCONT); }
  Frozen(const Frozen&) = delete;
  Frozen& operator=(const Frozen&) = delete;

 private:
  pid_t pid_;
};

TEST_F(DockerFault, AnEngineThatHangsGivesANamedErrorWithinTenSeconds) {
  launched(params());
  {
    const Frozen frozen(pid_);
    const auto expect_named = [&](const Error& error, Clock::time_point begin) {
      EXPECT_EQ(error.code, ErrorCode::unavailable) << error.to_string();
      EXPECT_THAT(error.message, HasSubstr("does not answer"));
      EXPECT_THAT(error.message, HasSubstr(options_.engine.host));
      EXPECT_FALSE(error.hint.empty());
      EXPECT_LT(Clock::now() - begin, std::chrono::seconds(10));
    };
    auto begin = Clock::now();
    expect_named(backend_->launch(params("other"), nullptr, ctx()).error(), begin);
    begin = Clock::now();
    expect_named(backend_->inspect("box", ctx()).error(), begin);
    begin = Clock::now();
    expect_named(backend_->list({}, ctx()).error(), begin);
    begin = Clock::now();
    expect_named(backend_->probe(ctx()).error(), begin);
    begin = Clock::now();
    EXPECT_EQ(backend_->inspect("box", ctx(std::chrono::milliseconds(300))).error().code, ErrorCode::deadline_exceeded);
    EXPECT_LT(Clock::now() - begin, std::chrono::seconds(1));
  }
  EXPECT_TRUE(waits_until([&] { return backend_->inspect("box", ctx()).has_value(); }));
}

TEST_F(DockerFault, AnEngineThatIsGoneIsNamedAndAfterItsRestartSandboxesGoOnWithTheirFiles) {
  ASSERT_EQ(run_in(launched(params()), "echo kept > /workspace/file").exit_code, 0);
  ::kill(pid_, SIGKILL);
  ASSERT_TRUE(waits_until([&] { return !backend_->inspect("box", ctx()); }));
  const auto gone = backend_->launch(params("other"), nullptr, ctx());
  ASSERT_FALSE(gone);
  EXPECT_EQ(gone.error().code, ErrorCode::unavailable);
  EXPECT_THAT(gone.error().message, HasSubstr("no container engine answers at " + options_.engine.host));
  EXPECT_THAT(gone.error().hint, HasSubstr("systemctl start docker"));
  EXPECT_EQ(backend_->remove("box", ctx()).error().code, ErrorCode::unavailable);
  ASSERT_TRUE(restart_engine());
  EXPECT_EQ(run_in(launched(params()), "cat /workspace/file").output, "kept\n");
}

}  // namespace
}  // namespace ottobot::containers
