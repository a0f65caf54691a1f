#include "ottobot/testing/faulty_session_store.hpp"

#include <gtest/gtest.h>

#include "ottobot/ids.hpp"
#include "ottobot/stores/memory.hpp"
#include "ottobot/testing/results.hpp"

namespace ottobot::testing {
namespace {

class FaultySessionStoreTest : public ::testing::Test {
 protected:
  void SetUp() override {
    CreateSessionParams params;
    params.row.id = "s";
    ASSERT_TRUE(succeeded(store_.create_session(params, ctx_)));
  }

  CallContext ctx_;
  std::unique_ptr<SessionStore> real_ = make_memory_store();
  FaultySessionStore store_{*real_};
};

TEST_F(FaultySessionStoreTest, FailsTheCallsItWasToldTo) {
  store_.inject({.error = unavailable("injected").value(), .skip = 1, .count = 2});
  EXPECT_TRUE(succeeded(store_.ping(ctx_)));
  EXPECT_TRUE(failed_with(ErrorCode::unavailable, store_.ping(ctx_)));
  EXPECT_TRUE(failed_with(ErrorCode::unavailable, store_.get_session("s", ctx_)));
  EXPECT_TRUE(succeeded(store_.ping(ctx_)));
}

TEST_F(FaultySessionStoreTest, FailsOneMethodAloneUntilHealed) {
  store_.inject({.error = unavailable("injected").value(), .count = 1000, .method = "get_session"});
  EXPECT_TRUE(succeeded(store_.ping(ctx_)));
  EXPECT_TRUE(failed_with(ErrorCode::unavailable, store_.get_session("s", ctx_)));
  store_.heal();
  EXPECT_TRUE(succeeded(store_.get_session("s", ctx_)));
}

TEST_F(FaultySessionStoreTest, AnAppendWithUnknownOutcomeCanBeRepeated) {
  const AppendParams prompt{"s", {events::user_prompt("once")}, {}};
  store_.inject({.error = deadline_exceeded().value(), .applied = true});
  EXPECT_TRUE(failed_with(ErrorCode::deadline_exceeded, store_.post_inbox(prompt, ctx_)));
  const auto again = value_of(store_.post_inbox(prompt, ctx_));
  EXPECT_TRUE(again.replayed);
  EXPECT_EQ(again.seqs, std::vector<Seq>{1});
  EXPECT_EQ(value_of(real_->get_session("s", ctx_)).last_seq, 1);
}

}  // namespace
}  // namespace ottobot::testing
