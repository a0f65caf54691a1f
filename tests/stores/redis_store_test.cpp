// What the contract does not say of the store on Redis.

#include "ottobot/ids.hpp"
#include "ottobot/session_store.hpp"
#include "ottobot/testing/results.hpp"
#include "redis/redis_server.hpp"

namespace ottobot::testing {
namespace {

class RedisStore : public ::testing::Test {
 protected:
  void SetUp() override { OTTOBOT_NEED_REDIS(); }

  static CreateSessionParams new_session() {
    CreateSessionParams params;
    params.row.id = new_id();
    params.row.initial_prompt = "make it so";
    params.events = {events::user_prompt("make it so")};
    return params;
  }

  CallContext ctx_ = with_timeout(std::chrono::seconds(60));
};

TEST_F(RedisStore, PagesFarDownAreInTheSameOrder) {
  RedisServer server;
  auto store = value_of(make_redis_store(server.options()));
  constexpr std::size_t kSessions = 1500;
  std::vector<std::string> newest_first;
  for (std::size_t n = 0; n < kSessions; ++n) {
    auto params = new_session();
    params.row.created_at = 1'700'000'000'000 + static_cast<UnixMillis>(n / 7);  // seven of each millisecond
    ASSERT_TRUE(succeeded(store->create_session(params, ctx_)));
    newest_first.insert(newest_first.begin(), params.row.id);
  }
  for (const std::size_t offset : {0u, 980u, 981u, 1003u, 1490u, 1499u}) {
    const auto page = value_of(store->list_sessions({std::nullopt, 20, offset}, ctx_));
    EXPECT_EQ(page.total, kSessions);
    std::vector<std::string> ids;
    for (const auto& row : page.sessions) ids.push_back(row.id);
    const auto first = newest_first.begin() + static_cast<std::ptrdiff_t>(offset);
    const std::size_t count = std::min<std::size_t>(20, kSessions - offset);
    EXPECT_EQ(ids, std::vector<std::string>(first, first + static_cast<std::ptrdiff_t>(count))) << offset;
  }
  EXPECT_TRUE(value_of(store->list_sessions({std::nullopt, 20, 1500}, ctx_)).sessions.empty());
}

// Whoever claimed the key died before it made the session.
TEST_F(RedisStore, AKeyThatWasOnlyClaimedStandsForTheNextSession) {
  RedisServer server;
  auto store = value_of(make_redis_store(server.options()));
  auto first = new_session();
  first.idempotency_key = "key";
  ASSERT_TRUE(succeeded(store->create_session(first, ctx_)));
  for (const char* what : {"row", "events", "ids"}) {
    const auto keys = server.cli({"--scan", "--pattern", "*:" + std::string(what) + ":" + first.row.id});
    server.cli({"del", keys.substr(0, keys.find('\n'))});
  }
  EXPECT_FALSE(value_of(store->find_created({"", "key", ""}, ctx_)));
  auto second = new_session();
  second.idempotency_key = "key";
  const auto made = value_of(store->create_session(second, ctx_));
  EXPECT_EQ(made.row.id, first.row.id);
  EXPECT_EQ(made.row.last_seq, 1);
  EXPECT_EQ(value_of(store->find_created({"", "key", ""}, ctx_)).value_or(SessionRow{}).id, first.row.id);
}

TEST_F(RedisStore, ProcessesSeeEachOthersLeases) {
  RedisServer server;
  auto api = value_of(make_redis_store(server.options())), worker = value_of(make_redis_store(server.options()));
  EXPECT_EQ(api->store_id(), worker->store_id());
  auto params = new_session();
  params.row.created_at = system_clock().now_ms();
  ASSERT_TRUE(succeeded(api->create_session(params, ctx_)));
  const auto lease = value_of(worker->acquire_lease({params.row.id, "w", std::chrono::seconds(10)}, ctx_));
  EXPECT_TRUE(failed_with(ErrorCode::conflict, api->acquire_lease({params.row.id, "v", std::chrono::seconds(10)}, ctx_)));
  EXPECT_TRUE(value_of(api->sessions_with_work(10, ctx_)).empty());
  ASSERT_TRUE(succeeded(worker->release_lease(lease, ctx_)));
  EXPECT_EQ(value_of(api->sessions_with_work(10, ctx_)), std::vector<std::string>{params.row.id});
}

TEST_F(RedisStore, TheStoreHasTheSameNameForEverybody) {
  RedisServer server;
  const auto first = value_of(make_redis_store(server.options()))->store_id();
  EXPECT_EQ(value_of(make_redis_store(server.options()))->store_id(), first);
  server.cli({"hset", "ottobot:meta", "format", "99"});
  EXPECT_TRUE(failed_with(ErrorCode::unsupported, make_redis_store(server.options())));
}

TEST_F(RedisStore, NothingIsLeftOfAPurgedSession) {
  RedisServer server;
  auto store = value_of(make_redis_store(server.options()));
  auto params = new_session();
  params.idempotency_key = "key";
  params.row.user = "ann";
  params.row.expires_at = 1;
  ASSERT_TRUE(succeeded(store->create_session(params, ctx_)));
  ASSERT_TRUE(succeeded(put_blob(*store, params.row.id, "bytes", ctx_)));
  ASSERT_TRUE(succeeded(store->put_checkpoint(params.row.id, 1, {{"x", 1}}, ctx_)));
  ASSERT_TRUE(succeeded(store->lease_port({"h", "vnc", 6080, 6081, params.row.id}, ctx_)));
  ASSERT_TRUE(succeeded(store->purge_session(params.row.id, ctx_)));
  const std::string keys = server.cli({"--scan"});
  EXPECT_EQ(keys.find(params.row.id), std::string::npos) << keys;
  EXPECT_EQ(keys.find(":key:"), std::string::npos) << keys;
  EXPECT_EQ(keys.find(":due"), std::string::npos) << keys;
}

}  // namespace
}  // namespace ottobot::testing
