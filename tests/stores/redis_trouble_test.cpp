// A server that is down, frozen, read-only, too old or wants a password: errors with a name, soon, and no harm
// afterwards.

#include <condition_variable>
#include <future>

#include "ottobot/ids.hpp"
#include "ottobot/testing/results.hpp"
#include "ottobot/testing/session_store_contract.hpp"
#include "redis/redis_server.hpp"

namespace ottobot::testing {

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(SessionStoreContract);

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class RedisTrouble : public ::testing::Test {
 protected:
  void SetUp() override { OTTOBOT_NEED_REDIS(); }

  static CreateSessionParams new_session() {
    CreateSessionParams params;
    params.row.id = new_id();
    params.row.initial_prompt = "make it so";
    params.events = {events::user_prompt("make it so")};
    return params;
  }
  static AppendParams prompt(const std::string& id) { return {id, {events::user_prompt("more")}, {}}; }
  // How long `call` took.
  template <class Call>
  static milliseconds time_of(const Call& call) {
    const auto begun = std::chrono::steady_clock::now();
    call();
    return std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - begun);
  }
  // Until `call` succeeds, for a while.
  template <class Call>
  static bool succeeds_soon(const Call& call) {
    const auto deadline = std::chrono::steady_clock::now() + seconds(20);
    while (std::chrono::steady_clock::now() < deadline) {
      if (call()) return true;
      (void)system_clock().sleep_for(milliseconds(20), {});
    }
    return false;
  }

  CallContext ctx_ = with_timeout(seconds(30));
};

TEST_F(RedisTrouble, AServerThatIsDownIsSaidSoAtOnceAndUsedAgainWhenItIsBack) {
  RedisServer server({"--appendonly", "yes", "--appendfsync", "always"});
  auto store = value_of(make_redis_store(server.options()));
  auto queue = value_of(make_redis_queue(server.options()));
  const auto params = new_session();
  ASSERT_TRUE(succeeded(store->create_session(params, ctx_)));
  server.kill();
  const auto took = time_of([&] {
    EXPECT_TRUE(failed_with(ErrorCode::unavailable, store->get_session(params.row.id, ctx_)));
    EXPECT_TRUE(failed_with(ErrorCode::unavailable, store->post_inbox(prompt(params.row.id), ctx_)));
    EXPECT_TRUE(failed_with(ErrorCode::unavailable, store->ping(ctx_)));
    EXPECT_TRUE(failed_with(ErrorCode::unavailable, queue->push({"q", "a", {}}, ctx_)));
  });
  EXPECT_LT(took, seconds(1));
  server.start();
  EXPECT_TRUE(succeeds_soon([&] { return store->get_session(params.row.id, ctx_).has_value(); }));
  EXPECT_TRUE(succeeded(store->post_inbox(prompt(params.row.id), ctx_)));
  EXPECT_TRUE(succeeds_soon([&] { return queue->push({"q", "a", {}}, ctx_).has_value(); }));
}

TEST_F(RedisTrouble, SubscribersAndWaitersGoOnAfterARestart) {
  RedisServer server({"--appendonly", "yes", "--appendfsync", "always"});
  auto store = value_of(make_redis_store(server.options()));
  auto queue = value_of(make_redis_queue(server.options()));
  const auto params = new_session();
  ASSERT_TRUE(succeeded(store->create_session(params, ctx_)));
  RecordingSessionSink sink;
  const auto subscription = value_of(store->subscribe(params.row.id, sink));
  auto leased = std::async(std::launch::async, [&] {
    while (true) {  // as a worker does
      auto job = queue->lease({{"q"}, "w", seconds(30)}, ctx_);
      if (job || ctx_.remaining() < seconds(1)) return job;
    }
  });
  server.kill();
  server.start();
  ASSERT_TRUE(succeeds_soon([&] { return store->post_inbox(prompt(params.row.id), ctx_).has_value(); }));
  EXPECT_TRUE(sink.wait_for_seq(2));
  ASSERT_TRUE(succeeds_soon([&] { return queue->push({"q", "a", {}}, ctx_).has_value(); }));
  const auto job = value_of(leased.get());
  ASSERT_TRUE(job);
  EXPECT_EQ(job->id, "a");
}

TEST_F(RedisTrouble, AnAppendDuringABreakIsToldToSubscribersWhoMissedIt) {
  RedisServer server;
  auto store = value_of(make_redis_store(server.options()));
  const auto params = new_session();
  ASSERT_TRUE(succeeded(store->create_session(params, ctx_)));
  RecordingSessionSink sink;
  const auto subscription = value_of(store->subscribe(params.row.id, sink));
  for (Seq seq = 2; seq < 12; ++seq) {
    server.cli({"client", "kill", "type", "pubsub"});
    ASSERT_TRUE(succeeded(store->post_inbox(prompt(params.row.id), ctx_)));
    EXPECT_TRUE(sink.wait_for_seq(seq));
  }
}

TEST_F(RedisTrouble, EveryClientThatIsCutOffGoesOn) {
  RedisServer server;
  auto store = value_of(make_redis_store(server.options()));
  const auto params = new_session();
  ASSERT_TRUE(succeeded(store->create_session(params, ctx_)));
  constexpr int kThreads = 4, kEach = 200;
  std::atomic<int> posted = 0;
  std::vector<std::jthread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&] {
      for (int n = 0; n < kEach; ++n) {
        // An outcome that is unknown: the same again.
        const auto post = prompt(params.row.id);
        if (succeeds_soon([&] { return store->post_inbox(post, ctx_).has_value(); })) ++posted;
      }
    });
  }
  while (posted < kThreads * kEach / 2) server.cli({"client", "kill", "type", "normal"});
  threads.clear();
  EXPECT_EQ(posted, kThreads * kEach);
  EXPECT_EQ(value_of(store->get_session(params.row.id, ctx_)).last_seq, 1 + kThreads * kEach);
}

TEST_F(RedisTrouble, AFrozenServerCostsACallItsDeadlineAndTheNextOnesNothing) {
  RedisServer server;
  auto store = value_of(make_redis_store(server.options()));
  const auto params = new_session();
  ASSERT_TRUE(succeeded(store->create_session(params, ctx_)));
  ASSERT_TRUE(succeeded(store->post_inbox(prompt(params.row.id), ctx_)));  // its script is known from here on
  server.freeze();
  const auto post = prompt(params.row.id);
  EXPECT_TRUE(failed_with(ErrorCode::deadline_exceeded, store->post_inbox(post, with_timeout(milliseconds(1100)))));
  const auto took = time_of([&] {
    for (int n = 0; n < 10; ++n) EXPECT_TRUE(failed_with(ErrorCode::unavailable, store->ping(ctx_)));
  });
  EXPECT_LT(took, seconds(1));
  server.thaw();
  EXPECT_TRUE(succeeds_soon([&] { return store->ping(ctx_).has_value(); }));
  EXPECT_TRUE(value_of(store->post_inbox(post, ctx_)).replayed) << "it was run after all";
  EXPECT_EQ(value_of(store->get_session(params.row.id, ctx_)).last_seq, 3);
}

TEST_F(RedisTrouble, AStopEndsACallToAFrozenServer) {
  RedisServer server;
  auto store = value_of(make_redis_store(server.options()));
  server.freeze();
  std::stop_source source;
  auto asked = std::async(std::launch::async, [&] { return store->ping(ctx_.with_stop(source.get_token())); });
  source.request_stop();
  EXPECT_EQ(asked.wait_for(seconds(5)), std::future_status::ready);
  EXPECT_TRUE(failed_with(ErrorCode::cancelled, asked.get()));
  server.thaw();
}

TEST_F(RedisTrouble, AReadOnlyReplicaIsNamed) {
  RedisServer server;
  auto store = value_of(make_redis_store(server.options()));
  server.cli({"replicaof", "127.0.0.1", "1"});
  const auto refused = store->ping(ctx_);
  ASSERT_TRUE(failed_with(ErrorCode::unavailable, refused));
  EXPECT_NE(refused.error().message.find("read only replica"), std::string::npos);
  EXPECT_NE(refused.error().hint.find("primary"), std::string::npos);
}

// The name of the primary leads to another server after a fail-over; the old one may live on as a replica.
TEST_F(RedisTrouble, WhoIsNoPrimaryAnyMoreIsLeftForTheOneWhoIs) {
  RedisServer old_primary, new_primary;
  TempDir dir;
  RedisOptions options;
  options.unix_path = (dir.path() / "primary").string();
  std::filesystem::create_symlink(old_primary.socket(), options.unix_path);
  auto store = value_of(make_redis_store(options));
  ASSERT_TRUE(succeeded(store->ping(ctx_)));
  std::filesystem::remove(options.unix_path);
  std::filesystem::create_symlink(new_primary.socket(), options.unix_path);
  old_primary.cli({"replicaof", "127.0.0.1", "1"});
  EXPECT_TRUE(failed_with(ErrorCode::unavailable, store->ping(ctx_)));
  EXPECT_TRUE(succeeded(store->ping(ctx_)));
}

TEST_F(RedisTrouble, AServerThatIsTooOldIsFoundOutAtOnce) {
  RedisServer server({"--rename-command", "SPUBLISH", ""});  // which came with 7.0
  const auto is_refused = [](const auto& made) {
    ASSERT_TRUE(failed_with(ErrorCode::unsupported, made));
    EXPECT_NE(made.error().hint.find("7.0"), std::string::npos) << made.error().hint;
  };
  is_refused(make_redis_store(server.options()));
  is_refused(make_redis_queue(server.options()));
  is_refused(probe_redis(server.options(), ctx_));
}

TEST_F(RedisTrouble, AUserWithoutChannelsIsFoundOutAtOnce) {
  RedisServer server;
  server.cli({"acl", "setuser", "ann", "on", ">hers", "~*", "resetchannels", "+@all"});
  auto options = server.options();
  options.user = "ann";
  options.password = "hers";
  EXPECT_TRUE(failed_with(ErrorCode::permission_denied, make_redis_store(options)));
  EXPECT_TRUE(failed_with(ErrorCode::permission_denied, make_redis_queue(options)));
  EXPECT_EQ(server.cli({"--scan"}).find("ottobot"), std::string::npos) << "and nothing was left there";
}

// A stop is shown by a message that may get lost with a connection.
TEST_F(RedisTrouble, AStopDuringABreakIsToldToSubscribersWhoMissedIt) {
  RedisServer server;
  auto store = value_of(make_redis_store(server.options()));
  const auto params = new_session();
  const std::string& id = params.row.id;
  ASSERT_TRUE(succeeded(store->create_session(params, ctx_)));
  RecordingSessionSink sink;
  const auto subscription = value_of(store->subscribe(id, sink));
  ASSERT_TRUE(succeeded(store->post_inbox({id, {events::stop_requested("user")}, {}}, ctx_)));
  server.cli({"client", "kill", "type", "pubsub"});
  const auto told = sink.wait_for_messages(1);
  ASSERT_EQ(told.size(), 1u);
  EXPECT_EQ(get_string(told[0], "kind"), kStopKind);

  // The turn has ended with it: the next one is not to be stopped.
  const auto lease = value_of(store->acquire_lease({id, "w", seconds(30)}, ctx_));
  AppendOwnerParams ended;
  ended.session_id = id;
  ended.epoch = lease.epoch;
  ended.events = {events::turn_finished({TurnOutcome::stopped, 1, {}, {}})};
  ASSERT_TRUE(succeeded(store->append_owner(ended, ctx_)));
  ASSERT_TRUE(sink.wait_for_seq(3));
  server.cli({"client", "kill", "type", "pubsub"});
  ASSERT_TRUE(succeeded(store->post_inbox(prompt(id), ctx_)));
  ASSERT_TRUE(sink.wait_for_seq(4));
  ASSERT_TRUE(succeeds_soon([&] { return store->publish(id, {{"kind", "other"}}, ctx_).has_value(); }));
  EXPECT_EQ(get_string(sink.wait_for_messages(2).back(), "kind"), "other");
}

TEST_F(RedisTrouble, PasswordsAndUsersAreAskedForByName) {
  RedisServer server({"--requirepass", "secret"});
  server.cli({"-a", "secret", "acl", "setuser", "ann", "on", ">hers", "~*", "&*", "+@all"});
  server.cli({"-a", "secret", "acl", "setuser", "bob", "on", ">his", "~no", "+get", "+cluster"});
  auto options = server.options();
  const auto refused = [&](ErrorCode code) { return failed_with(code, make_redis_store(options)); };
  EXPECT_TRUE(refused(ErrorCode::unauthenticated));
  options.password = "wrong";
  EXPECT_TRUE(refused(ErrorCode::unauthenticated));
  options.password = "secret";
  EXPECT_TRUE(succeeded(make_redis_store(options)));
  options.user = "ann";
  EXPECT_TRUE(refused(ErrorCode::unauthenticated));
  options.password = "hers";
  EXPECT_TRUE(succeeded(make_redis_store(options)));
  options.user = "bob";
  options.password = "his";
  EXPECT_TRUE(refused(ErrorCode::permission_denied));
}

TEST_F(RedisTrouble, AServerThatIsNoneIsToldFromOneThatIsDown) {
  RedisOptions nowhere, nobody, nameless;
  nowhere.unix_path = "/nowhere/redis.sock";
  nobody.host = "127.0.0.1";
  nobody.port = 1;
  nameless.host = "name.invalid";
  for (const auto& options : {nowhere, nobody, nameless}) {
    const auto refused = make_redis_store(options);
    EXPECT_TRUE(failed_with(ErrorCode::unavailable, refused));
    EXPECT_NE(refused.error().hint.find("doctor"), std::string::npos) << refused.error().to_string();
    EXPECT_TRUE(failed_with(ErrorCode::unavailable, make_redis_queue(options)));
  }
}

}  // namespace
}  // namespace ottobot::testing
