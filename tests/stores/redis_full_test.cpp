// A server that has reached maxmemory: it takes no new work, and lets everything that is there be ended.

#include "ottobot/ids.hpp"
#include "ottobot/testing/results.hpp"
#include "redis/redis_server.hpp"

namespace ottobot::testing {
namespace {

using std::chrono::seconds;

class FullRedis : public ::testing::Test {
 protected:
  void SetUp() override {
    OTTOBOT_NEED_REDIS();
    server_ = std::make_unique<RedisServer>(std::vector<std::string>{"--maxmemory-policy", "noeviction"});
    store_ = value_of(make_redis_store(server_->options()));
    ASSERT_TRUE(succeeded(store_->create_session(session_, ctx_)));
  }

  static CreateSessionParams new_session() {
    CreateSessionParams params;
    params.row.id = new_id();
    params.row.initial_prompt = "make it so";
    params.events = {events::user_prompt("make it so")};
    return params;
  }
  void fill() { server_->cli({"config", "set", "maxmemory", "1"}); }
  void make_room() { server_->cli({"config", "set", "maxmemory", "0"}); }

  std::unique_ptr<RedisServer> server_;
  std::unique_ptr<SessionStore> store_;
  const CreateSessionParams session_ = new_session();
  const std::string id_ = session_.row.id;
  CallContext ctx_ = with_timeout(seconds(30));
};

TEST_F(FullRedis, RefusesNewWorkByNameAndStillAnswersReads) {
  fill();
  const AppendParams prompt{id_, {events::user_prompt("more")}, {}};
  const auto full = store_->post_inbox(prompt, ctx_);
  ASSERT_TRUE(failed_with(ErrorCode::resource_exhausted, full));
  EXPECT_NE(full.error().hint.find("maxmemory"), std::string::npos);
  EXPECT_TRUE(failed_with(ErrorCode::resource_exhausted, store_->create_session(new_session(), ctx_)));
  EXPECT_TRUE(failed_with(ErrorCode::resource_exhausted, store_->ping(ctx_)));
  EXPECT_EQ(value_of(store_->get_session(id_, ctx_)).last_seq, 1);
  make_room();
  EXPECT_TRUE(succeeded(store_->post_inbox(prompt, ctx_)));
}

TEST_F(FullRedis, LetsASessionBeEndedAndPurged) {
  fill();
  // By processes that were started since.
  auto store = value_of(make_redis_store(server_->options()));
  auto queue = value_of(make_redis_queue(server_->options()));
  ASSERT_TRUE(store && queue);
  AppendParams remove{id_, {events::delete_requested("user")}, {}};
  remove.patch.status = SessionStatus::terminating;
  ASSERT_TRUE(succeeded(store->post_inbox(remove, ctx_)));
  ASSERT_TRUE(succeeded(queue->push({"q", id_, {}}, ctx_)));
  const auto job = value_of(queue->lease({{"q"}, "w", seconds(30)}, ctx_));
  ASSERT_TRUE(job);
  ASSERT_TRUE(succeeded(queue->extend(*job, seconds(30), ctx_)));
  const auto lease = value_of(store->acquire_lease({id_, "w", seconds(30)}, ctx_));
  ASSERT_TRUE(succeeded(store->renew_lease(lease, seconds(30), ctx_)));
  AppendOwnerParams ended;
  ended.session_id = id_;
  ended.epoch = lease.epoch;
  ended.events = {events::status_changed(SessionStatus::terminated)};
  ended.patch.status = SessionStatus::terminated;
  ended.patch.pending = false;
  ended.patch.purge_at = 1;
  ASSERT_TRUE(succeeded(store->append_owner(ended, ctx_)));
  ASSERT_TRUE(succeeded(store->release_lease(lease, ctx_)));
  ASSERT_TRUE(succeeded(queue->complete(*job, ctx_)));
  EXPECT_EQ(value_of(store->sessions_expired(2, 10, ctx_)), std::vector<std::string>{id_});
  EXPECT_TRUE(succeeded(store->purge_session(id_, ctx_)));
  EXPECT_TRUE(failed_with(ErrorCode::not_found, store->get_session(id_, ctx_)));
}

TEST_F(FullRedis, LetsJobsFailStallAndBeDrained) {
  fill();
  auto queue = value_of(make_redis_queue(server_->options()));
  ASSERT_TRUE(succeeded(queue->push({"q", "a", {}}, ctx_)));
  const auto job = value_of(queue->lease({{"q"}, "w", seconds(30)}, ctx_));
  ASSERT_TRUE(job);
  ASSERT_TRUE(succeeded(queue->fail(*job, {"it broke", 1, {}, {}}, ctx_)));
  EXPECT_EQ(value_of(queue->counts("q", ctx_)).dead, 1u);
  ASSERT_TRUE(succeeded(queue->push({"q", "b", {}}, ctx_)));
  ASSERT_TRUE(value_of(queue->lease({{"q"}, "w", std::chrono::milliseconds(1)}, ctx_)));
  while (value_of(queue->recover_stalled(ctx_)) == 0)
    (void)system_clock().sleep_for(std::chrono::milliseconds(5), ctx_);
  EXPECT_EQ(value_of(queue->drain("q", ctx_)), std::vector<std::string>{"b"});
}

}  // namespace
}  // namespace ottobot::testing
