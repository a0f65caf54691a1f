#include "api/desktop_control.hpp"

#include <gtest/gtest.h>

#include "ottobot/ids.hpp"
#include "ottobot/testing/manual_clock.hpp"
#include "ottobot/testing/results.hpp"

namespace ottobot::api {
namespace {

using namespace std::chrono_literals;
using ottobot::testing::failed_with;
using ottobot::testing::succeeded;

class DesktopControlTest : public ::testing::Test {
 protected:
  std::string join(DesktopRole role = DesktopRole::control, const std::string& wished = {}) {
    return control_.join("s", role, wished);
  }
  bool type(const std::string& viewer) { return control_.takes_input("s", viewer); }
  std::string controller() { return control_.state("s").controller; }
  bool parked() { return control_.person_controls("s"); }
  std::string line() { return control_.next_step("s").log_message; }

  testing::ManualClock clock_;
  DesktopControl control_{clock_, {}};
};

TEST_F(DesktopControlTest, WhoSendsInputFirstControls) {
  const std::string a = join(), b = join();
  EXPECT_FALSE(parked()) << "looking is not controlling";
  EXPECT_TRUE(type(b));
  EXPECT_EQ(controller(), b);
  EXPECT_TRUE(parked());
  EXPECT_FALSE(type(a));
  EXPECT_TRUE(type(b));
  EXPECT_FALSE(control_.controls("s", a));
  EXPECT_TRUE(control_.controls("s", b));
}

TEST_F(DesktopControlTest, WhoMayOnlyLookNeverControls) {
  const std::string viewer = join(DesktopRole::view);
  EXPECT_FALSE(type(viewer));
  EXPECT_TRUE(failed_with(ErrorCode::permission_denied, control_.take("s", viewer)));
  ASSERT_TRUE(succeeded(control_.take("s", "")));
  EXPECT_FALSE(type(viewer)) << "not even when people in general have it";
  EXPECT_EQ(controller(), "");
}

TEST_F(DesktopControlTest, AnIdleControllerGivesWay) {
  const std::string a = join(), b = join();
  EXPECT_TRUE(type(a));
  clock_.advance(4999ms);
  EXPECT_FALSE(type(b));
  EXPECT_TRUE(type(a)) << "which counts anew";
  clock_.advance(4999ms);
  EXPECT_FALSE(type(b));
  EXPECT_TRUE(parked());
  clock_.advance(1ms);
  EXPECT_FALSE(parked()) << "the agent may go on";
  EXPECT_TRUE(type(b));
  EXPECT_FALSE(type(a));
}

TEST_F(DesktopControlTest, ADroppedInputDoesNotKeepControl) {
  const std::string a = join(), b = join();
  EXPECT_TRUE(type(a));
  clock_.advance(3s);
  EXPECT_FALSE(type(b));
  clock_.advance(2s);
  EXPECT_FALSE(parked());
}

TEST_F(DesktopControlTest, ControlEndsWithTheConnection) {
  const std::string a = join(), b = join();
  EXPECT_TRUE(type(a));
  control_.leave("s", a);
  EXPECT_FALSE(parked());
  EXPECT_FALSE(type(a)) << "it has left";
  EXPECT_TRUE(type(b));
}

TEST_F(DesktopControlTest, ControlIsTakenAndHandedOverExplicitly) {
  const std::string a = join(), b = join();
  EXPECT_TRUE(type(a));
  ASSERT_TRUE(succeeded(control_.take("s", b)));
  EXPECT_EQ(controller(), b);
  EXPECT_FALSE(type(a));
  clock_.advance(299s);
  EXPECT_FALSE(type(a)) << "who took it may think for a while";
  EXPECT_TRUE(parked());
  clock_.advance(1s);
  EXPECT_FALSE(parked());
  EXPECT_TRUE(type(a));
  EXPECT_TRUE(failed_with(ErrorCode::not_found, control_.take("s", "nobody")));
  EXPECT_TRUE(failed_with(ErrorCode::not_found, control_.take("other", a)));
}

TEST_F(DesktopControlTest, AnExplicitTakeEndsWithItsViewer) {
  const std::string a = join();
  ASSERT_TRUE(succeeded(control_.take("s", a)));
  control_.leave("s", a);
  EXPECT_FALSE(parked());
}

TEST_F(DesktopControlTest, PeopleInGeneralHoldItWithoutAViewer) {
  ASSERT_TRUE(succeeded(control_.take("s", "")));
  EXPECT_TRUE(parked());
  EXPECT_EQ(controller(), "");
  const std::string a = join(), b = join();
  clock_.advance(200s);
  EXPECT_TRUE(type(a));
  clock_.advance(6s);
  EXPECT_TRUE(parked()) << "still held";
  EXPECT_TRUE(type(b)) << "but nobody in particular has it";
  control_.leave("s", b);
  EXPECT_TRUE(parked());
  clock_.advance(299s);
  EXPECT_TRUE(parked());
  clock_.advance(1s);
  EXPECT_FALSE(parked());
}

TEST_F(DesktopControlTest, ReleaseGivesItToTheAgent) {
  const std::string a = join(), b = join();
  EXPECT_TRUE(type(a));
  ASSERT_TRUE(succeeded(control_.release("s", b)));
  EXPECT_EQ(controller(), a) << "b has nothing to give";
  ASSERT_TRUE(succeeded(control_.release("s", a)));
  EXPECT_FALSE(parked());
  ASSERT_TRUE(succeeded(control_.take("s", a)));
  ASSERT_TRUE(succeeded(control_.release("s", "")));
  EXPECT_FALSE(parked());
  EXPECT_TRUE(succeeded(control_.release("s", ""))) << "once more does no harm";
  EXPECT_TRUE(succeeded(control_.release("unknown", "")));
  EXPECT_TRUE(failed_with(ErrorCode::not_found, control_.release("s", "nobody")));
}

TEST_F(DesktopControlTest, SessionsAreApart) {
  const std::string a = join();
  const std::string other = control_.join("t", DesktopRole::control, {});
  EXPECT_TRUE(type(a));
  EXPECT_FALSE(control_.person_controls("t"));
  EXPECT_FALSE(control_.takes_input("s", other));
  EXPECT_TRUE(control_.takes_input("t", other));
}

TEST_F(DesktopControlTest, AViewerMayChooseAnIdThatNobodyHas) {
  const std::string wished = new_id();
  EXPECT_EQ(join(DesktopRole::control, wished), wished);
  EXPECT_NE(join(DesktopRole::view, wished), wished);
  EXPECT_NE(join(DesktopRole::control, "a b"), "a b");
  const DesktopState state = control_.state("s");
  ASSERT_EQ(state.viewers.size(), 3u);
  EXPECT_EQ(state.viewers[0].id, wished);
  EXPECT_EQ(state.viewers[1].role, DesktopRole::view);
  EXPECT_EQ(state.viewers[0].connected_at, clock_.now_ms());
}

TEST_F(DesktopControlTest, EveryChangeIsToldOnce) {
  const std::string a = join(), b = join();
  EXPECT_EQ(line(), "");
  type(a);
  const auto told = control_.next_step("s");
  EXPECT_EQ(told.log_message, "A person controls the desktop");
  EXPECT_EQ(told.log_metadata, (Json{{"viewer", a}}));
  EXPECT_EQ(told.again_in, 5s) << "when it may have become idle";
  EXPECT_EQ(line(), "");
  clock_.advance(4s);
  type(a);
  clock_.advance(1s);
  const auto later = control_.next_step("s");
  EXPECT_EQ(later.log_message, "");
  EXPECT_EQ(later.again_in, 4s);
  type(a);
  ASSERT_TRUE(succeeded(control_.take("s", b)));
  EXPECT_EQ(line(), "Another person controls the desktop");
  clock_.advance(10s);
  ASSERT_TRUE(succeeded(control_.release("s", "")));
  EXPECT_EQ(line(), "The desktop was handed back to the agent");
  EXPECT_EQ(line(), "");
}

TEST_F(DesktopControlTest, IdlenessIsToldWhenItsTimeComes) {
  const std::string a = join();
  type(a);
  ASSERT_EQ(line(), "A person controls the desktop");
  clock_.advance(5s);
  EXPECT_EQ(line(), "The desktop was handed back to the agent");
}

TEST_F(DesktopControlTest, ManyChangesAreFewLines) {
  int lines = 0;
  for (int i = 0; i < 1000; ++i) {
    const std::string viewer = join();
    ASSERT_TRUE(succeeded(control_.take("s", viewer)));
    lines += line().empty() ? 0 : 1;
    control_.leave("s", viewer);
    lines += line().empty() ? 0 : 1;
    clock_.advance(10ms);
  }
  EXPECT_GE(lines, 1);
  EXPECT_LE(lines, 3) << "ten seconds at one in five";
  const auto step = control_.next_step("s");
  if (step.again_in) clock_.advance(*step.again_in);
  clock_.advance(5s);
  (void)line();
  EXPECT_FALSE(parked());
}

TEST_F(DesktopControlTest, AskingAgainEndsByItself) {
  const std::string a = join();
  type(a);
  auto step = control_.next_step("s");
  ASSERT_TRUE(step.again_in);
  EXPECT_FALSE(control_.next_step("s").again_in) << "one of them is enough";
  control_.leave("s", a);
  (void)control_.next_step("s");
  for (int rounds = 0; rounds < 4; ++rounds) {
    clock_.advance(5s);
    step = control_.next_step("s");
    if (!step.again_in) break;
  }
  EXPECT_FALSE(step.again_in);
  EXPECT_EQ(line(), "") << "nothing is left of it";
}

TEST_F(DesktopControlTest, ChangesAreAnnounced) {
  int changes = 0;
  control_.on_change([&](const std::string& session_id) {
    EXPECT_EQ(session_id, "s");
    EXPECT_FALSE(control_.state("s").viewers.empty() && changes == 0) << "called without the lock";
    ++changes;
  });
  const std::string a = join();
  type(a);
  EXPECT_EQ(changes, 1);
  type(a);
  EXPECT_EQ(changes, 1) << "input alone is no change";
  control_.leave("s", a);
  EXPECT_EQ(changes, 2);
}

}  // namespace
}  // namespace ottobot::api
