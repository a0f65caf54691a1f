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
  for (const std::size_t offset : {0u, 20u, 1200u}) {
    const auto none = value_of(store->list_sessions({std::nullopt, 0, offset}, ctx_));
    EXPECT_TRUE(none.sessions.empty());
    EXPECT_EQ(none.total, kSessions);
  }
}

TEST_F(RedisStore, APageOfLargeEventsCostsAPage) {
  RedisServer server;
  auto store = value_of(make_redis_store(server.options()));
  const auto session = new_session();
  ASSERT_TRUE(succeeded(store->create_session(session, ctx_)));
  constexpr std::size_t kEvents = 100, kBytes = 100'000;
  for (std::size_t n = 0; n < kEvents; ++n) {
    ASSERT_TRUE(succeeded(
        store->post_inbox({session.row.id, {events::log(LogLevel::info, std::string(kBytes, 'x'))}, {}}, ctx_)));
  }
  const auto sent_bytes = [&] {
    const std::string info = server.cli({"info", "stats"}), name = "total_net_output_bytes:";
    return std::stoull(info.substr(info.find(name) + name.size()));
  };
  const auto before = sent_bytes();
  ReadParams page;
  page.session_id = session.row.id;
  page.max_bytes = 5 * kBytes;
  EXPECT_EQ(value_of(store->read(page, ctx_)).size(), 6u) << "the small one, and up to the one that passes the limit";
  EXPECT_LT(sent_bytes() - before, 20 * kBytes);
  page.max_bytes = 1 << 30;
  EXPECT_EQ(value_of(store->read(page, ctx_)).size(), kEvents + 1);
}

// Lua can hand over less than 8000 values at once.
TEST_F(RedisStore, AnAppendMayHaveAnyNumberOfEventsAndBlobs) {
  RedisServer server;
  auto store = value_of(make_redis_store(server.options()));
  constexpr std::size_t kMany = 9000;
  auto session = new_session();
  while (session.events.size() < kMany) session.events.push_back(events::log(LogLevel::info, "x"));
  ASSERT_TRUE(succeeded(store->create_session(session, ctx_)));
  AppendOwnerParams params;
  params.session_id = session.row.id;
  params.epoch = value_of(store->acquire_lease({session.row.id, "w", std::chrono::minutes(1)}, ctx_)).epoch;
  for (std::size_t n = 0; n < kMany; ++n) params.events.push_back(events::log(LogLevel::info, "x"));
  std::string blobs;
  for (std::size_t n = 0; n < kMany; ++n) {
    std::string id = std::to_string(n);
    blobs += std::string(64 - id.size(), '0') + id + " ";
  }
  params.events[0].internal = {{"blobs", blobs}};
  const auto first = value_of(store->append_owner(params, ctx_));
  EXPECT_FALSE(first.replayed);
  EXPECT_EQ(first.last_seq, static_cast<Seq>(2 * kMany));
  const auto again = value_of(store->append_owner(params, ctx_));
  EXPECT_TRUE(again.replayed);
  EXPECT_EQ(again.seqs, first.seqs);
  params.events.push_back(events::log(LogLevel::info, "new"));
  EXPECT_TRUE(failed_with(ErrorCode::conflict, store->append_owner(params, ctx_)));
  const auto named = server.cli({"--scan", "--pattern", "*:named:*"});
  EXPECT_EQ(server.cli({"scard", named.substr(0, named.find('\n'))}), std::to_string(kMany) + "\n");
}

// Ports are leased before the session is there.
TEST_F(RedisStore, NothingStaysOfASessionThatWasNeverMade) {
  RedisServer server;
  auto store = value_of(make_redis_store(server.options()));
  const auto session = new_session();
  const std::string& id = session.row.id;
  const auto lives_ms = [&] {
    const auto hosts = server.cli({"--scan", "--pattern", "*:hosts:" + id});
    return std::stoll(server.cli({"pttl", hosts.substr(0, hosts.find('\n'))}));
  };
  ASSERT_TRUE(succeeded(store->lease_port({"h", "vnc", 6080, 6082, id}, ctx_)));
  EXPECT_GT(lives_ms(), 0);
  ASSERT_TRUE(succeeded(store->create_session(session, ctx_)));
  EXPECT_EQ(lives_ms(), -1) << "for as long as the session";
  ASSERT_TRUE(succeeded(store->lease_port({"h", "vnc", 6080, 6082, id}, ctx_)));
  EXPECT_EQ(lives_ms(), -1);
}

TEST_F(RedisStore, AnUploadThatIsGivenUpGoesByItself) {
  RedisServer server;
  auto store = value_of(make_redis_store(server.options()));
  const auto session = new_session();
  ASSERT_TRUE(succeeded(store->create_session(session, ctx_)));
  auto writer = value_of(store->create_blob(session.row.id, ctx_));
  ASSERT_TRUE(succeeded(writer->write(std::string(600 << 10, 'x'))));
  const auto upload = server.cli({"--scan", "--pattern", "*:upload:*"});
  EXPECT_GT(std::stoll(server.cli({"pttl", upload.substr(0, upload.find('\n'))})), 0);
  const auto blob = value_of(writer->commit());
  EXPECT_EQ(value_of(get_blob(*store, session.row.id, blob, ctx_)), std::string(600 << 10, 'x'));
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
