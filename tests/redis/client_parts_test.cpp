#include "ottobot/testing/results.hpp"
#include "redis/reply.hpp"
#include "redis/server_error.hpp"
#include "redis/slots.hpp"

namespace ottobot::redis {
namespace {

using testing::failed_with;
using testing::value_of;

Reply read_one(ReplyReader& reader, std::string_view bytes) {
  reader.feed(bytes);
  auto reply = value_of(reader.next());
  EXPECT_TRUE(reply);
  return reply ? std::move(*reply) : Reply();
}

TEST(Reply, ReadsEveryKindOfAnswer) {
  ReplyReader reader;
  EXPECT_EQ(read_one(reader, "+OK\r\n").text(), "OK");
  EXPECT_EQ(read_one(reader, ":-42\r\n").number(), -42);
  EXPECT_EQ(read_one(reader, "$2\r\n17\r\n").number(), 17);
  EXPECT_TRUE(read_one(reader, "$-1\r\n").is_nil());
  EXPECT_TRUE(read_one(reader, "-ERR no\r\n").is_error());
  const auto list = read_one(reader, "*2\r\n$1\r\na\r\n*1\r\n:7\r\n");
  ASSERT_EQ(list.size(), 2u);
  EXPECT_EQ(list[0].text(), "a");
  EXPECT_EQ(list[1][0].number(), 7);
  EXPECT_TRUE(list[9].is_nil());
  EXPECT_TRUE(list[0][0].is_nil());
}

TEST(Reply, WaitsForTheRestOfAnAnswer) {
  const std::string answer = "*2\r\n$5\r\nhe\r\no\r\n:12\r\n";
  for (std::size_t split = 1; split < answer.size(); ++split) {
    ReplyReader reader;
    reader.feed(std::string_view(answer).substr(0, split));
    EXPECT_FALSE(value_of(reader.next()).has_value()) << split;
    EXPECT_EQ(read_one(reader, std::string_view(answer).substr(split))[0].text(), "he\r\no") << split;
  }
}

TEST(Reply, WhatIsNoAnswerIsAnError) {
  ReplyReader reader;
  reader.feed("HTTP/1.1 400 Bad Request\r\n");
  EXPECT_TRUE(failed_with(ErrorCode::internal, reader.next()));
}

TEST(Reply, CommandsAreBinarySafe) {
  std::string out;
  append_command(out, {"SET", "k", std::string("a\0\r\n", 4)});
  EXPECT_EQ(out, std::string("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$4\r\na") + '\0' + "\r\n\r\n");
}

TEST(Slots, AreThoseOfTheSpecification) {
  EXPECT_EQ(slot_of("123456789"), 0x31C3 % kSlots);
  EXPECT_EQ(slot_of("foo"), 12182);
  EXPECT_EQ(slot_of(""), 0);
  EXPECT_EQ(slot_of("{user1000}.following"), slot_of("{user1000}.followers"));
  EXPECT_EQ(slot_of("x{user1000}"), slot_of("user1000"));
  EXPECT_EQ(slot_of("foo{{bar}}zap"), slot_of("{bar"));
  EXPECT_NE(slot_of("foo{}{bar}"), slot_of("bar"));
}

TEST(Slots, ATableIsReadAndCorrected) {
  ReplyReader reader;
  const auto reply = read_one(reader,
                              "*2\r\n"
                              "*3\r\n:0\r\n:99\r\n*3\r\n$1\r\na\r\n:1\r\n$2\r\nid\r\n"
                              "*3\r\n:100\r\n:199\r\n*3\r\n$0\r\n\r\n:2\r\n$2\r\nid\r\n");
  const Address asked{"me", 2, {}}, a{"a", 1, {}}, b{"b", 3, {}};
  auto table = SlotTable::parse(reply, asked);
  ASSERT_NE(table.find(0), nullptr);
  EXPECT_EQ(*table.find(99), a);
  EXPECT_EQ(*table.find(100), asked);
  EXPECT_EQ(table.find(200), nullptr);
  for (const int slot : {0, 50, 99, 100, 200}) table.move(slot, b);
  for (const int slot : {0, 50, 99, 100, 200}) EXPECT_EQ(*table.find(slot), b) << slot;
  for (const int slot : {1, 49, 51, 98}) EXPECT_EQ(*table.find(slot), a) << slot;
  EXPECT_EQ(*table.find(199), asked);
  EXPECT_EQ(table.find(201), nullptr);
  EXPECT_EQ(table.nodes().size(), 3u);
}

TEST(ServerError, SaysWhereAnotherNodeHasTheSlot) {
  const auto moved = parse_redirection("MOVED 3999 127.0.0.1:6381");
  ASSERT_TRUE(moved);
  EXPECT_EQ(moved->slot, 3999);
  EXPECT_EQ(moved->address, (Address{"127.0.0.1", 6381, {}}));
  EXPECT_EQ(parse_redirection("ASK 1 ::1:7000")->address, (Address{"::1", 7000, {}}));
  EXPECT_EQ(parse_redirection("MOVED 1 :7000")->address.host, "");
  for (const char* none : {"ERR MOVED 1 a:1", "MOVED", "MOVED x a:1", "MOVED 1 a", "MOVED 1 a:x"}) {
    EXPECT_FALSE(parse_redirection(none)) << none;
  }
}

TEST(ServerError, MeansWhatACallerCanActOn) {
  const Address address{"h", 1, {}};
  const auto code = [&](const char* text) { return server_error(text, address).value().code; };
  EXPECT_EQ(code("OOM command not allowed when used memory > 'maxmemory'."), ErrorCode::resource_exhausted);
  EXPECT_EQ(code("READONLY You can't write against a read only replica."), ErrorCode::unavailable);
  EXPECT_EQ(code("WRONGPASS invalid username-password pair"), ErrorCode::unauthenticated);
  EXPECT_EQ(code("ERR AUTH <password> called without any password configured"), ErrorCode::unauthenticated);
  EXPECT_EQ(code("NOPERM this user has no permissions"), ErrorCode::permission_denied);
  EXPECT_EQ(code("LOADING Redis is loading the dataset in memory"), ErrorCode::unavailable);
  EXPECT_EQ(code("ERR max number of clients reached"), ErrorCode::unavailable);
  EXPECT_EQ(code("WRONGTYPE Operation against a key"), ErrorCode::internal);
}

TEST(RedisUrl, NamesServerUserAndDatabase) {
  const auto full = value_of(parse_redis_url("rediss://ann:p%40ss@redis.example.com:7000/3"));
  EXPECT_TRUE(full.tls);
  EXPECT_EQ(full.user, "ann");
  EXPECT_EQ(full.password, "p@ss");
  EXPECT_EQ(full.host, "redis.example.com");
  EXPECT_EQ(full.port, 7000);
  EXPECT_EQ(full.database, 3);
  const auto plain = value_of(parse_redis_url("redis://:secret@[::1]"));
  EXPECT_FALSE(plain.tls);
  EXPECT_EQ(plain.user, "");
  EXPECT_EQ(plain.password, "secret");
  EXPECT_EQ(plain.host, "::1");
  EXPECT_EQ(plain.port, 6379);
  EXPECT_EQ(value_of(parse_redis_url("unix:/run/redis.sock")).unix_path, "/run/redis.sock");
  EXPECT_EQ(value_of(parse_redis_url("unix:///run/redis.sock")).unix_path, "/run/redis.sock");
}

TEST(RedisUrl, WhatIsNoneIsRefused) {
  for (const char* bad : {"", "localhost:6379", "http://h", "redis://", "redis://h:0", "redis://h:x", "redis://h:70000",
                          "redis://h/x", "redis://a%4@h", "redis://[::1", "unix:relative"}) {
    EXPECT_TRUE(failed_with(ErrorCode::invalid_argument, parse_redis_url(bad))) << bad;
  }
}

}  // namespace
}  // namespace ottobot::redis
