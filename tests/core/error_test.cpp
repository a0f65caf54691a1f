#include "ottobot/error.hpp"

#include <cerrno>

#include "ottobot/call_context.hpp"
#include "ottobot/field_problems.hpp"

namespace ottobot {
namespace {

Result<int> refuse() { return not_found("no session x", "list them with GET /session"); }

TEST(Error, BuildersConvertToAnyResult) {
  const auto result = refuse();
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::not_found);
  EXPECT_EQ(result.error().to_string(), "not_found: no session x (hint: list them with GET /session)");
}

TEST(FieldProblems, OneErrorNamesEveryFieldOnce) {
  FieldProblems problems;
  EXPECT_TRUE(problems.check());
  problems.add("size", "is required");
  problems.add(Result<int>(invalid_field("size", "must not be 0")));
  problems.add(Result<int>(invalid_field("name", "is taken")));
  problems.add(refuse());
  problems.add(Result<int>(7));
  const auto checked = problems.check();
  ASSERT_FALSE(checked);
  EXPECT_EQ(checked.error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(checked.error().message, "size: is required; name: is taken");
  EXPECT_EQ(checked.error().details.size(), 2u);
}

TEST(Error, PassingOnAddsTheContextAndKeepsTheRest) {
  const Failure passed = fail(refuse().error(), "downloading");
  EXPECT_EQ(passed.value().message, "downloading: no session x");
  EXPECT_EQ(passed.value().hint, "list them with GET /session");
}

TEST(Error, FieldErrorsNameTheField) {
  const Failure failure = invalid_field("timeout", "must be 300 to 7200 seconds");
  ASSERT_EQ(failure.value().details.size(), 1u);
  EXPECT_EQ(failure.value().details[0].field, "timeout");
}

TEST(Error, SystemCallsMapToTheNearestCode) {
  EXPECT_EQ(errno_error("open", ENOENT).value().code, ErrorCode::not_found);
  EXPECT_EQ(errno_error("open", ELOOP).value().code, ErrorCode::permission_denied);
  EXPECT_EQ(errno_error("write", ENOSPC).value().code, ErrorCode::resource_exhausted);
  EXPECT_EQ(errno_error("bind", EADDRINUSE).value().code, ErrorCode::conflict);
  EXPECT_EQ(errno_error("connect", ECONNREFUSED).value().code, ErrorCode::unavailable);
}

TEST(CallContext, NarrowingNeverMovesADeadlineLater) {
  const CallContext soon = with_timeout(std::chrono::milliseconds(10));
  EXPECT_LE(soon.within(std::chrono::hours(1)).remaining(), std::chrono::milliseconds(10));
  EXPECT_EQ(CallContext{}.remaining(), std::chrono::milliseconds::max());
}

TEST(CallContext, ReportsWhyACallShouldEnd) {
  std::stop_source stop;
  CallContext ctx;
  ctx.stop = stop.get_token();
  EXPECT_TRUE(ctx.check());
  stop.request_stop();
  EXPECT_EQ(ctx.check().error().code, ErrorCode::cancelled);
  EXPECT_EQ(with_timeout(std::chrono::milliseconds(-1)).check().error().code, ErrorCode::deadline_exceeded);
}

}  // namespace
}  // namespace ottobot
