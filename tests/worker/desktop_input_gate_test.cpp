#include "worker/desktop_input_gate.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "ottobot/testing/manual_clock.hpp"
#include "ottobot/testing/results.hpp"

namespace ottobot::worker {
namespace {

using namespace std::chrono_literals;
using ottobot::testing::failed_with;
using ottobot::testing::succeeded;
using ottobot::testing::value_of;

class CountingToolBox final : public ToolBox {
 public:
  Result<std::vector<ToolSpec>> list_tools(const CallContext&) override { return std::vector<ToolSpec>(3); }
  Result<ToolReply> call_tool(const ToolCallParams&, const ToolProgress&, const CallContext&) override {
    ++calls;
    return text_reply("done");
  }
  void acknowledge(const std::vector<std::string>& call_ids) override { acknowledged += call_ids.size(); }
  std::string boot_id() const override { return "boot"; }

  std::atomic<int> calls{0};
  std::size_t acknowledged = 0;
};

class DesktopInputGateTest : public ::testing::Test {
 protected:
  DesktopInputGateOptions options() {
    DesktopInputGateOptions made;
    made.person_controls = [this] { return person_.load(); };
    made.patience = 10s;
    made.abandon = abandon_.get_token();
    return made;
  }
  // Calls it on a thread of its own, and waits until it waits.
  std::thread call_held_back(ToolBox& gate, const std::string& name, Result<ToolReply>& reply,
                             std::stop_token stop = {}) {
    std::thread caller([&gate, name, &reply, stop = std::move(stop)] {
      CallContext ctx;
      ctx.stop = stop;
      reply = gate.call_tool({"c", name, {}}, {}, ctx);
    });
    while (clock_.sleepers() == 0) std::this_thread::yield();
    return caller;
  }

  testing::ManualClock clock_;
  std::atomic<bool> person_{true};
  std::stop_source abandon_;
  CountingToolBox inner_;
};

TEST_F(DesktopInputGateTest, KnowsWhichToolsGiveInput) {
  for (const char* name :
       {"gui_click", "gui_type", "gui_key", "gui_activate_window", "gui_something_new", "move_window", "resize_window",
        "minimize_window", "center_window", "tile_window_left", "tile_window_bottom_right", "open_vscode"}) {
    EXPECT_TRUE(is_desktop_input(name)) << name;
  }
  for (const char* name : {"gui_screenshot", "gui_get_window_info", "gui_find_window", "execute_command", "read_file",
                           "kill_process", ""}) {
    EXPECT_FALSE(is_desktop_input(name)) << name;
  }
}

TEST_F(DesktopInputGateTest, OtherToolsPassWhileAPersonControls) {
  DesktopInputGate gate(inner_, clock_, options());
  EXPECT_TRUE(succeeded(gate.call_tool({"c", "execute_command", {}}, {}, {})));
  EXPECT_TRUE(succeeded(gate.call_tool({"c", "gui_screenshot", {}}, {}, {})));
  EXPECT_EQ(inner_.calls, 2);
  EXPECT_EQ(value_of(gate.list_tools({})).size(), 3u);
  EXPECT_EQ(gate.boot_id(), "boot");
  gate.acknowledge({"a", "b"});
  EXPECT_EQ(inner_.acknowledged, 2u);
}

TEST_F(DesktopInputGateTest, InputPassesAtOnceWhenNobodyControls) {
  person_ = false;
  DesktopInputGate gate(inner_, clock_, options());
  EXPECT_EQ(value_of(gate.call_tool({"c", "gui_click", {}}, {}, {})).outcome, ToolOutcome::ok);
  DesktopInputGate without(inner_, clock_, {});
  EXPECT_EQ(value_of(without.call_tool({"c", "gui_click", {}}, {}, {})).outcome, ToolOutcome::ok);
}

TEST_F(DesktopInputGateTest, InputWaitsUntilThePersonGivesTheDesktopBack) {
  DesktopInputGate gate(inner_, clock_, options());
  Result<ToolReply> reply;
  std::thread caller = call_held_back(gate, "gui_type", reply);
  clock_.advance(5s);
  EXPECT_EQ(inner_.calls, 0);
  person_ = false;
  while (inner_.calls == 0) {  // it may be between two of its sleeps
    clock_.advance(100ms);
    std::this_thread::yield();
  }
  caller.join();
  EXPECT_EQ(value_of(reply).outcome, ToolOutcome::ok);
  EXPECT_EQ(inner_.calls, 1);
}

TEST_F(DesktopInputGateTest, AfterItsPatienceTheModelIsTold) {
  DesktopInputGate gate(inner_, clock_, options());
  Result<ToolReply> reply;
  std::thread caller = call_held_back(gate, "gui_key", reply);
  clock_.advance(10s);
  caller.join();
  const ToolReply told = value_of(reply);
  EXPECT_EQ(told.outcome, ToolOutcome::not_run);
  EXPECT_NE(get_string(told.content[0], "text").find("a person controls the desktop"), std::string::npos);
  EXPECT_NE(get_string(told.content[0], "text").find("again later"), std::string::npos);
  EXPECT_EQ(inner_.calls, 0);
}

TEST_F(DesktopInputGateTest, AStopEndsTheWait) {
  DesktopInputGate gate(inner_, clock_, options());
  std::stop_source stop;
  Result<ToolReply> reply;
  std::thread caller = call_held_back(gate, "gui_click", reply, stop.get_token());
  stop.request_stop();
  caller.join();
  EXPECT_EQ(value_of(reply).outcome, ToolOutcome::not_run);
  EXPECT_EQ(inner_.calls, 0);
}

TEST_F(DesktopInputGateTest, AnAbandonedCallIsLeftToTheNextOwner) {
  DesktopInputGate gate(inner_, clock_, options());
  Result<ToolReply> reply;
  std::thread caller = call_held_back(gate, "gui_click", reply, abandon_.get_token());
  abandon_.request_stop();
  caller.join();
  EXPECT_TRUE(failed_with(ErrorCode::cancelled, reply));
}

TEST_F(DesktopInputGateTest, ACallThatAFormerOwnerSentIsJoined) {
  DesktopInputGateOptions known = options();
  known.begun_before = {"c"};
  DesktopInputGate gate(inner_, clock_, std::move(known));
  EXPECT_EQ(value_of(gate.call_tool({"c", "gui_click", {}}, {}, {})).outcome, ToolOutcome::ok);
}

TEST_F(DesktopInputGateTest, SaysWhyItWaits) {
  DesktopInputGateOptions impatient = options();
  impatient.patience = 0ms;
  DesktopInputGate gate(inner_, clock_, std::move(impatient));
  std::string said;
  (void)gate.call_tool({"c", "gui_click", {}}, [&](const std::string& message) { said = message; }, {});
  EXPECT_NE(said.find("a person controls the desktop"), std::string::npos);
}

}  // namespace
}  // namespace ottobot::worker
