// What a call says, and what is there afterwards, when its connection breaks before the server heard of it, or before
// the answer came. Every request that the call makes is hit once, both ways.

#include <functional>

#include "ottobot/ids.hpp"
#include "ottobot/testing/results.hpp"
#include "redis/cutting_proxy.hpp"
#include "redis/redis_server.hpp"

namespace ottobot::testing {
namespace {

using Cut = CuttingProxy::Cut;

class BrokenConnection : public ::testing::TestWithParam<Cut> {
 protected:
  static void SetUpTestSuite() {
    if (net::has_program("redis-server")) server_ = std::make_unique<RedisServer>();
  }
  static void TearDownTestSuite() { server_.reset(); }

  void SetUp() override {
    OTTOBOT_NEED_REDIS();
    proxy_ = std::make_unique<CuttingProxy>(server_->socket());
    RedisOptions options;
    options.unix_path = proxy_->socket();
    options.key_prefix = "test-" + new_id();
    store_ = value_of(make_redis_store(options));
    queue_ = value_of(make_redis_queue(options));
  }

  // `call` runs with its n-th request hit, for every n that there is.
  void hit_each_request(const std::function<void()>& call) {
    constexpr int kMost = 1000;  // a list asks all shards: how many requests that is for the proxy, the load decides
    int hits = 0;
    for (; hits < kMost; ++hits) {
      proxy_->cut(GetParam(), hits);
      call();
      if (!proxy_->was_cut()) break;
    }
    EXPECT_GT(hits, 0) << "no request was hit";
    EXPECT_LT(hits, kMost);
  }

  CreateSessionParams new_session() {
    CreateSessionParams params;
    params.row.id = new_id();
    params.row.created_at = system_clock().now_ms();
    params.row.initial_prompt = "make it so";
    params.events = {events::session_created({"make it so", "node", "scripted:demo", ""}),
                     events::user_prompt("make it so")};
    return params;
  }
  std::string create() {
    const auto params = new_session();
    EXPECT_TRUE(succeeded(store_->create_session(params, ctx_)));
    return params.row.id;
  }
  Lease own(const std::string& id) { return value_of(store_->acquire_lease({id, "w", std::chrono::minutes(1)}, ctx_)); }
  static AppendOwnerParams by_owner(const Lease& lease, std::vector<NewEvent> events) {
    AppendOwnerParams params;
    params.session_id = lease.session_id;
    params.epoch = lease.epoch;
    params.events = std::move(events);
    return params;
  }
  static NewEvent note(std::string text) { return events::log(LogLevel::info, std::move(text)); }
  std::size_t log_size(const std::string& id) {
    ReadParams params;
    params.session_id = id;
    return value_of(store_->read(params, ctx_)).size();
  }
  std::optional<Job> lease_job() {
    return value_of(queue_->lease({{"q"}, "w", std::chrono::minutes(1)}, with_timeout(std::chrono::milliseconds(0))));
  }
  QueueCounts counts() { return value_of(queue_->counts("q", ctx_)); }

  static std::unique_ptr<RedisServer> server_;
  std::unique_ptr<CuttingProxy> proxy_;
  CallContext ctx_ = with_timeout(std::chrono::seconds(20));
  std::unique_ptr<SessionStore> store_;
  std::unique_ptr<Queue> queue_;
};

std::unique_ptr<RedisServer> BrokenConnection::server_;

TEST_P(BrokenConnection, ASessionIsMadeOnce) {
  std::size_t made = 0;
  hit_each_request([&] {
    const auto params = new_session();
    const auto created = value_of(store_->create_session(params, ctx_));
    EXPECT_FALSE(created.replayed);
    EXPECT_EQ(log_size(params.row.id), 2u);
    EXPECT_EQ(value_of(store_->list_sessions({}, ctx_)).total, ++made);
    EXPECT_EQ(value_of(store_->totals(ctx_)).all_sessions(), made);
  });
}

TEST_P(BrokenConnection, AnIdempotencyKeyMakesOneSession) {
  std::size_t made = 0;
  hit_each_request([&] {
    auto params = new_session();
    params.idempotency_key = new_id();
    params.request_hash = "hash";
    const auto created = value_of(store_->create_session(params, ctx_));
    EXPECT_FALSE(created.replayed);
    EXPECT_EQ(created.row.id, params.row.id);
    EXPECT_EQ(value_of(store_->list_sessions({}, ctx_)).total, ++made);
    auto again = new_session();
    again.idempotency_key = params.idempotency_key;
    again.request_hash = "hash";
    const auto replayed = value_of(store_->create_session(again, ctx_));
    EXPECT_TRUE(replayed.replayed);
    EXPECT_EQ(replayed.row.id, params.row.id);
  });
}

TEST_P(BrokenConnection, AnOwnersAppendIsInTheLogOnce) {
  const auto lease = own(create());
  Seq last = 2;
  hit_each_request([&] {
    auto turn = events::turn_finished({TurnOutcome::completed, 3, Usage{100, 20, 5, 0.5}, {}});
    const auto appended = value_of(store_->append_owner(by_owner(lease, {note("a"), turn}), ctx_));
    EXPECT_EQ(appended.seqs, (std::vector<Seq>{last + 1, last + 2}));
    last += 2;
    EXPECT_EQ(log_size(lease.session_id), static_cast<std::size_t>(last));
    const auto turns = value_of(store_->get_session(lease.session_id, ctx_)).turns.turns;
    EXPECT_EQ(turns, (last - 2) / 2);
    EXPECT_EQ(value_of(store_->totals(ctx_)).all_turns().turns, turns);
  });
}

TEST_P(BrokenConnection, ACompareAndSetThatWasDoneIsNotRefused) {
  const auto lease = own(create());
  Seq last = 2;
  hit_each_request([&] {
    auto params = by_owner(lease, {note("a")});
    params.if_last_seq = last;
    EXPECT_EQ(value_of(store_->append_owner(params, ctx_)).last_seq, ++last);
  });
}

TEST_P(BrokenConnection, APromptIsInTheLogOnceAndMarksTheSession) {
  const auto id = create();
  const auto lease = own(id);
  auto done = by_owner(lease, {});
  done.patch.pending = false;
  ASSERT_TRUE(succeeded(store_->append_owner(done, ctx_)));
  ASSERT_TRUE(succeeded(store_->release_lease(lease, ctx_)));
  Seq last = 2;
  hit_each_request([&] {
    const auto posted = value_of(store_->post_inbox({id, {events::user_prompt("more")}, {}}, ctx_));
    EXPECT_EQ(posted.seqs, std::vector<Seq>{++last});
    EXPECT_EQ(log_size(id), static_cast<std::size_t>(last));
    EXPECT_TRUE(value_of(store_->get_session(id, ctx_)).pending);
    EXPECT_EQ(value_of(store_->sessions_with_work(10, ctx_)), std::vector<std::string>{id});
  });
}

TEST_P(BrokenConnection, TheLeaseThatWasGotIsTheOneThatCounts) {
  const auto id = create();
  hit_each_request([&] {
    const auto lease = own(id);
    EXPECT_TRUE(succeeded(store_->renew_lease(lease, std::chrono::minutes(1), ctx_)));
    EXPECT_TRUE(succeeded(store_->append_owner(by_owner(lease, {note("a")}), ctx_)));
    EXPECT_TRUE(succeeded(store_->release_lease(lease, ctx_)));
    EXPECT_TRUE(failed_with(ErrorCode::fenced, store_->append_owner(by_owner(lease, {note("b")}), ctx_)));
  });
}

TEST_P(BrokenConnection, APortIsTakenOnce) {
  const auto id = create();
  hit_each_request([&] {
    EXPECT_EQ(value_of(store_->lease_port({"h", "vnc", 6080, 6081, id}, ctx_)), 6080);
    EXPECT_EQ(value_of(store_->lease_port({"h", "vnc", 6080, 6081, id}, ctx_)), 6081);
    EXPECT_TRUE(succeeded(store_->release_ports(id, ctx_)));
    EXPECT_TRUE(value_of(store_->port_holders("h", ctx_)).empty());
    // So that each round finds the pool as new.
    EXPECT_TRUE(succeeded(store_->lease_port({"h", "vnc", 1, 1, id}, ctx_)));
    EXPECT_TRUE(succeeded(store_->release_ports(id, ctx_)));
  });
}

TEST_P(BrokenConnection, ABlobIsKeptAndRemovedOnce) {
  const auto lease = own(create());
  hit_each_request([&] {
    const auto blob = value_of(put_blob(*store_, lease.session_id, "bytes", ctx_));
    EXPECT_EQ(value_of(get_blob(*store_, lease.session_id, blob, ctx_)), "bytes");
    EXPECT_TRUE(succeeded(store_->remove_blob(lease, blob, ctx_)));
    EXPECT_TRUE(failed_with(ErrorCode::not_found, store_->open_blob(lease.session_id, blob, ctx_)));
  });
}

TEST_P(BrokenConnection, APurgeThatWasDoneIsNotNotFound) {
  hit_each_request([&] {
    const auto id = create();
    EXPECT_TRUE(succeeded(store_->purge_session(id, ctx_)));
    EXPECT_TRUE(failed_with(ErrorCode::not_found, store_->get_session(id, ctx_)));
    EXPECT_EQ(value_of(store_->totals(ctx_)).all_sessions(), 0u);
  });
}

TEST_P(BrokenConnection, AJobIsQueuedLeasedAndCompletedOnce) {
  hit_each_request([&] {
    EXPECT_TRUE(value_of(queue_->push({"q", "a", {}}, ctx_)));
    EXPECT_EQ(counts().waiting, 1u);
    const auto job = lease_job();
    ASSERT_TRUE(job);
    EXPECT_EQ(job->id, "a");
    EXPECT_EQ(counts().leased, 1u);
    EXPECT_TRUE(succeeded(queue_->extend(*job, std::chrono::minutes(1), ctx_)));
    EXPECT_TRUE(succeeded(queue_->complete(*job, ctx_)));
    EXPECT_EQ(counts().leased + counts().waiting, 0u);
  });
}

TEST_P(BrokenConnection, AJobFailsAndDiesOnce) {
  std::size_t dead = 0;
  hit_each_request([&] {
    ASSERT_TRUE(value_of(queue_->push({"q", "a", {}}, ctx_)));
    auto job = lease_job();
    ASSERT_TRUE(job);
    EXPECT_TRUE(succeeded(queue_->fail(*job, {"it broke", 2, {}, {}}, ctx_)));
    job = lease_job();
    ASSERT_TRUE(job);
    EXPECT_EQ(job->attempt, 2);
    EXPECT_TRUE(succeeded(queue_->fail(*job, {"it broke", 2, {}, {}}, ctx_)));
    EXPECT_EQ(value_of(queue_->dead_letters("q", 100, ctx_)).size(), ++dead);
    EXPECT_FALSE(lease_job().has_value());
  });
}

TEST_P(BrokenConnection, WhatIsDrainedIsToldAll) {
  hit_each_request([&] {
    ASSERT_TRUE(value_of(queue_->push({"q", "a", {}}, ctx_)));
    ASSERT_TRUE(value_of(queue_->push({"q", "b", std::chrono::minutes(1)}, ctx_)));
    EXPECT_EQ(value_of(queue_->drain("q", ctx_)), (std::vector<std::string>{"a", "b"}));
    EXPECT_TRUE(value_of(queue_->drain("q", ctx_)).empty());
  });
}

INSTANTIATE_TEST_SUITE_P(Redis, BrokenConnection, ::testing::Values(Cut::before, Cut::after),
                         [](const auto& test) { return test.param == Cut::before ? "Before" : "After"; });

}  // namespace
}  // namespace ottobot::testing
