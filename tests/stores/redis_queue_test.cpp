// What the contract does not say of the queue on Redis.

#include <future>

#include "ottobot/ids.hpp"
#include "ottobot/testing/results.hpp"
#include "redis/cutting_proxy.hpp"
#include "redis/redis_server.hpp"
#include "stores/redis/queue_names.hpp"

namespace ottobot::testing {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class RedisQueue : public ::testing::Test {
 protected:
  void SetUp() override { OTTOBOT_NEED_REDIS(); }

  static LeaseJobParams of(std::vector<std::string> queues) { return {std::move(queues), "w", seconds(30)}; }
  static SteadyTime now() { return std::chrono::steady_clock::now(); }

  CallContext ctx_ = with_timeout(seconds(30));
};

TEST_F(RedisQueue, ANameThatWasForgottenAndNotedAgainIsNotTakenAwayByASlowOne) {
  RedisServer server;
  const auto client = value_of(redis::Client::connect(server.options()));
  stores::QueueNames names(*client);
  ASSERT_TRUE(succeeded(names.note("q", ctx_)));
  const std::string slow = value_of(names.serial("q", ctx_));
  ASSERT_TRUE(succeeded(names.remove("q", slow, ctx_)));
  EXPECT_TRUE(value_of(names.all(ctx_)).empty());
  ASSERT_TRUE(succeeded(names.note("q", ctx_)));
  ASSERT_TRUE(succeeded(names.remove("q", slow, ctx_)));
  EXPECT_EQ(value_of(names.all(ctx_)), std::set<std::string>{"q"});
}

TEST_F(RedisQueue, AJobWhoseLeaseWasNotHeardOfIsTheNextOnes) {
  RedisServer server;
  auto queue = value_of(make_redis_queue(server.options()));
  ASSERT_FALSE(value_of(queue->lease(of({"q"}), with_timeout(milliseconds(0)))));  // its script is known from here on
  ASSERT_TRUE(value_of(queue->push({"q", "a", {}}, ctx_)));
  server.freeze();
  const auto begun = now();
  EXPECT_FALSE(value_of(queue->lease(of({"q"}), with_timeout(milliseconds(600)))));
  EXPECT_LT(now() - begun, seconds(3)) << "it has overstayed its time";
  server.thaw();
  // What the server makes of the look that it gets to see now is nobody's to know.
  while (value_of(queue->counts("q", ctx_)).leased == 0) (void)system_clock().sleep_for(milliseconds(10), ctx_);
  const auto job = value_of(queue->lease(of({"q"}), with_timeout(seconds(5))));
  ASSERT_TRUE(job);
  EXPECT_EQ(job->id, "a");
  EXPECT_EQ(job->attempt, 1);
  EXPECT_TRUE(succeeded(queue->complete(*job, ctx_)));
}

TEST_F(RedisQueue, ALeaseThatWasLostIsNotHeldForBeingAskedTwice) {
  RedisServer server;
  CuttingProxy proxy(server.socket());
  RedisOptions options;
  options.unix_path = proxy.socket();
  auto queue = value_of(make_redis_queue(options));
  ASSERT_TRUE(value_of(queue->push({"q", "a", {}}, ctx_)));
  const auto job = value_of(queue->lease({{"q"}, "w", milliseconds(1)}, ctx_));
  ASSERT_TRUE(job);
  while (value_of(queue->recover_stalled(ctx_)) == 0) (void)system_clock().sleep_for(milliseconds(5), ctx_);
  ASSERT_TRUE(failed_with(ErrorCode::conflict, queue->extend(*job, seconds(30), ctx_)));  // its script is known, too
  proxy.cut(CuttingProxy::Cut::after, 0);
  EXPECT_TRUE(failed_with(ErrorCode::conflict, queue->extend(*job, seconds(30), ctx_)));
  EXPECT_TRUE(proxy.was_cut());
}

// Whoever is woken for one queue and finds a job in another leaves the first to the next who waits for it.
TEST_F(RedisQueue, AWordOfAQueueIsNotSwallowedByWhoTakesAJobOfAnother) {
  RedisServer server;
  auto queue = value_of(make_redis_queue(server.options()));
  auto both = std::async(std::launch::async, [&] { return value_of(queue->lease(of({"a", "b"}), ctx_)); });
  (void)system_clock().sleep_for(milliseconds(300), ctx_);
  SteadyTime found_at;
  auto second = std::async(std::launch::async, [&] {
    auto job = value_of(queue->lease(of({"b"}), ctx_));
    found_at = now();
    return job;
  });
  (void)system_clock().sleep_for(milliseconds(200), ctx_);
  // A job in both, and word of only one.
  server.cli({"eval",
              "for _, q in ipairs({'a', 'b'}) do redis.call('HSET', 'ottobot:queue:{' .. q .. '}:jobs', 'job', '') "
              "redis.call('RPUSH', 'ottobot:queue:{' .. q .. '}:waiting', '1:job') end "
              "return redis.call('SPUBLISH', 'ottobot:queue:{b}:news', '')",
              "0"});
  const auto put_at = now();
  EXPECT_EQ(both.get().value_or(Job{}).queue, "a");
  EXPECT_EQ(second.get().value_or(Job{}).queue, "b");
  EXPECT_LT(found_at - put_at, milliseconds(900)) << "it was found only by the look of every second";
}

TEST_F(RedisQueue, ADeadLetterHoldsWhateverTheReasonWas) {
  RedisServer server;
  auto queue = value_of(make_redis_queue(server.options()));
  ASSERT_TRUE(value_of(queue->push({"q", "a", {}}, ctx_)));
  const auto job = value_of(queue->lease(of({"q"}), ctx_));
  ASSERT_TRUE(job);
  ASSERT_TRUE(succeeded(queue->fail(*job, {"not UTF-8: \xff", 1, {}, {}}, ctx_)));
  const auto dead = value_of(queue->dead_letters("q", 10, ctx_));
  ASSERT_EQ(dead.size(), 1u);
  EXPECT_EQ(dead[0].id, "a");
  EXPECT_EQ(dead[0].attempts, 1);
  EXPECT_TRUE(dead[0].reason.starts_with("not UTF-8: ")) << dead[0].reason;
}

}  // namespace
}  // namespace ottobot::testing
