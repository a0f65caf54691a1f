// An engine that hangs, is gone, or starts again. Nothing else may use the engine meanwhile.
#include <csignal>
#include <functional>
#include <thread>
#include <vector>

#include "containers/docker_fixture.hpp"
#include "containers/engine_process.hpp"

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

  pid_t pid_ = 0;
};

TEST_F(DockerFault, AnEngineThatHangsGivesANamedErrorWithinTenSeconds) {
  launched(params());
  {
    const FrozenEngine frozen(pid_);
    const auto expect_named = [&](const Error& error, ErrorCode code) {
      EXPECT_EQ(error.code, code) << error.to_string();
      EXPECT_THAT(error.message, HasSubstr("does not answer"));
      EXPECT_THAT(error.message, HasSubstr(options_.engine.host));
      EXPECT_FALSE(error.hint.empty());
    };
    const auto begin = Clock::now();
    expect_named(backend_->inspect("box", ctx(std::chrono::milliseconds(300))).error(), ErrorCode::deadline_exceeded);
    EXPECT_LT(Clock::now() - begin, std::chrono::seconds(1));
    const std::vector<std::function<Error()>> calls = {
        [&] { return backend_->launch(params("other"), nullptr, ctx()).error(); },
        [&] { return backend_->inspect("box", ctx()).error(); },
        [&] { return backend_->list({}, ctx()).error(); },
        [&] { return backend_->probe(ctx()).error(); },
    };
    std::vector<std::jthread> callers;
    for (const auto& call : calls) {
      callers.emplace_back([&] {
        const auto called = Clock::now();
        expect_named(call(), ErrorCode::unavailable);
        EXPECT_LT(Clock::now() - called, std::chrono::seconds(10));
      });
    }
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
