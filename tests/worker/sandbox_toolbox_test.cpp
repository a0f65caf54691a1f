#include "worker/sandbox_toolbox.hpp"

#include <thread>

#include "worker/worker_fixture.hpp"

namespace ottobot::worker {
namespace {

using namespace std::chrono_literals;
using ottobot::testing::failed_with;
using ottobot::testing::succeeded;

class SandboxToolBoxTest : public WorkerTest {
 protected:
  std::unique_ptr<SandboxToolBox> connect(std::uint64_t epoch, std::stop_token abandon = {}) {
    auto box = SandboxToolBox::connect(*http_, endpoint_, epoch, std::move(abandon), limit());
    EXPECT_TRUE(succeeded(box));
    return box ? std::move(*box) : nullptr;
  }
  static CallContext limit() { return with_timeout(20s); }
  static ToolCallParams command(const std::string& call_id, const std::string& text) {
    ToolCallParams params;
    params.call_id = call_id;
    params.name = "execute_command";
    params.args = {{"command", text}};
    return params;
  }
  std::string file(const std::string& name) { return machines_["m"].workspace.read(name); }
  bool appears(const std::string& name) {
    const auto ctx = limit();
    while (file(name).empty() && ctx.check()) std::this_thread::sleep_for(5ms);
    return !file(name).empty();
  }

  Endpoint endpoint_ = machines_.start("m");
};

TEST_F(SandboxToolBoxTest, ACallOfTheSameIdRunsOnce) {
  auto box = connect(1);
  for (int times = 0; times < 3; ++times) {
    const auto reply = box->call_tool(command("c1", "echo x >> count; echo said"), nullptr, limit());
    ASSERT_TRUE(succeeded(reply));
    EXPECT_EQ(reply->outcome, ToolOutcome::ok);
    EXPECT_EQ(get_string(reply->structured, "stdout"), "said\n");
  }
  EXPECT_EQ(file("count"), "x\n");
  box->acknowledge({"c1"});
}

TEST_F(SandboxToolBoxTest, AnOlderOwnerIsShutOut) {
  auto old_owner = connect(1);
  auto new_owner = connect(2);
  EXPECT_TRUE(failed_with(ErrorCode::fenced, SandboxToolBox::connect(*http_, endpoint_, 1, {}, limit())));
  const auto reply = old_owner->call_tool(command("late", "echo late > late"), nullptr, limit());
  EXPECT_FALSE(reply && reply->outcome == ToolOutcome::ok);
  EXPECT_EQ(file("late"), "");
  EXPECT_TRUE(succeeded(new_owner->call_tool(command("c", "true"), nullptr, limit())));
}

TEST_F(SandboxToolBoxTest, AStopEndsTheCommandAndTellsWhatItDid) {
  auto box = connect(1);
  std::stop_source stop;
  std::thread stopper([&] {
    EXPECT_TRUE(appears("begun"));
    stop.request_stop();
  });
  const auto begin = std::chrono::steady_clock::now();
  const auto reply = box->call_tool(command("c", "echo yes | tee begun; sleep 60; echo yes > ended"), nullptr,
                                    limit().with_stop(stop.get_token()));
  stopper.join();
  ASSERT_TRUE(succeeded(reply));
  EXPECT_EQ(reply->outcome, ToolOutcome::error);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 10s);
  EXPECT_EQ(file("ended"), "");
}

TEST_F(SandboxToolBoxTest, AnAbandonedCallGoesOnForTheNextOwner) {
  std::stop_source abandon;
  auto box = connect(1, abandon.get_token());
  std::thread leaver([&] {
    EXPECT_TRUE(appears("begun"));
    abandon.request_stop();
  });
  const auto call = command("c", "echo yes > begun; while [ ! -e go ]; do sleep 0.02; done; echo done");
  EXPECT_FALSE(box->call_tool(call, nullptr, limit().with_stop(abandon.get_token())));
  leaver.join();
  auto next = connect(2);
  machines_["m"].workspace.write("go", "");
  const auto reply = next->call_tool(call, nullptr, limit());
  ASSERT_TRUE(succeeded(reply));
  EXPECT_EQ(get_string(reply->structured, "stdout"), "done\n");
}

TEST_F(SandboxToolBoxTest, ASandboxThatWasReplacedIsLost) {
  auto box = connect(1);
  const Endpoint other = machines_.start("m");
  const auto reply = box->call_tool(command("c", "true"), nullptr, limit());
  EXPECT_TRUE(failed_with(ErrorCode::unavailable, reply));
}

}  // namespace
}  // namespace ottobot::worker
