#include "mcp/transports/session_table.hpp"

#include "ottobot/testing/manual_clock.hpp"

namespace ottobot::mcp {
namespace {

using std::chrono::minutes;

class SessionTableTest : public ::testing::Test {
 protected:
  std::string add() { return table_.add(std::make_shared<ServerSession>()); }

  testing::ManualClock clock_;
  SessionTable table_{minutes(10), 2, clock_};
};

TEST_F(SessionTableTest, FindsASessionByItsIdOnly) {
  const std::string id = add();
  EXPECT_NE(id, add());
  EXPECT_NE(table_.find(id), nullptr);
  EXPECT_EQ(table_.find("unknown"), nullptr);
  for (const char c : id) EXPECT_TRUE(c > 0x20 && c < 0x7f);
}

TEST_F(SessionTableTest, ForgetsWhatNobodyUses) {
  const std::string used = add();
  const std::string unused = add();
  clock_.advance(minutes(6));
  EXPECT_NE(table_.find(used), nullptr);
  clock_.advance(minutes(6));
  EXPECT_EQ(table_.find(unused), nullptr);
  EXPECT_NE(table_.find(used), nullptr);
}

TEST_F(SessionTableTest, KeepsBusySessionsWhateverTheirAge) {
  const std::string id = add();
  const auto busy = table_.find(id);
  clock_.advance(minutes(60));
  EXPECT_EQ(table_.find(id), busy);
}

TEST_F(SessionTableTest, MakesRoomByForgettingTheLongestUnused) {
  const std::string first = add();
  const std::string second = add();
  ASSERT_NE(table_.find(first), nullptr);
  add();
  EXPECT_EQ(table_.size(), 2u);
  EXPECT_NE(table_.find(first), nullptr);
  EXPECT_EQ(table_.find(second), nullptr);
}

TEST_F(SessionTableTest, RefusesMoreWhenAllAreBusy) {
  const auto first = table_.find(add());
  const auto second = table_.find(add());
  EXPECT_EQ(add(), "");
}

TEST_F(SessionTableTest, EndingASessionCancelsItsCalls) {
  const std::string id = add();
  const auto session = table_.find(id);
  const SessionState::Call call(*session->state(), 1, {});
  EXPECT_TRUE(table_.end(id));
  EXPECT_TRUE(call.token().stop_requested());
  EXPECT_FALSE(table_.end(id));
  EXPECT_EQ(table_.find(id), nullptr);
}

TEST_F(SessionTableTest, EndAllEndsEverySession) {
  const std::string id = add();
  const auto session = table_.find(id);
  const SessionState::Call call(*session->state(), 1, {});
  table_.end_all();
  EXPECT_TRUE(call.token().stop_requested());
  EXPECT_EQ(table_.size(), 0u);
}

}  // namespace
}  // namespace ottobot::mcp
