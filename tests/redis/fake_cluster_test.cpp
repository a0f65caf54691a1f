// Clusters and links in a state that real servers cannot be brought to at will.

#include <memory>

#include "ottobot/testing/results.hpp"
#include "redis/client.hpp"
#include "redis/fake_redis.hpp"
#include "redis/subscriber.hpp"

namespace ottobot::redis {
namespace {

using std::chrono::milliseconds;
using testing::failed_with;
using testing::FakeRedis;
using testing::slots_answer;
using testing::value_of;

const CallContext kCall = with_timeout(std::chrono::seconds(30));
constexpr const char* kAlone = "-ERR This instance has cluster support disabled\r\n";

Result<Reply> get(Client& client) { return client.call(Request::command({"GET", "key"}), kCall); }

// Answers what each connection begins with, and `slots`; the rest is for `otherwise`.
FakeRedis::Answer node(std::function<std::string()> slots, FakeRedis::Answer otherwise) {
  return [slots = std::move(slots), otherwise = std::move(otherwise)](const ReplyView& command,
                                                                      const FakeRedis::Say& say) {
    if (command[0].text() == "PING") {
      say("+PONG\r\n");
    } else if (command[0].text() == "CLUSTER") {
      say(slots());
    } else {
      otherwise(command, say);
    }
  };
}

FakeRedis::Answer always(std::string answer) {
  return [answer = std::move(answer)](const ReplyView&, const FakeRedis::Say& say) { say(answer); };
}

TEST(RedisConnection, AnAnswerThatTakesLongIsNoSilence) {
  FakeRedis server(node([] { return kAlone; },
                        [](const ReplyView&, const FakeRedis::Say& say) {
                          say("$20\r\n");
                          for (int n = 0; n < 20; ++n) {
                            std::this_thread::sleep_for(milliseconds(100));
                            say("x");
                          }
                          say("\r\n");
                        }));
  auto connection = value_of(Connection::open(server.address(), server.options(), kCall));
  std::string get;
  append_command(get, {"GET", "key"});
  auto first = value_of(connection->ask(get));
  std::jthread reader([&] { EXPECT_EQ(value_of(connection->wait(first, kCall)).text(), std::string(20, 'x')); });
  std::this_thread::sleep_for(Connection::kSilence + milliseconds(400));
  EXPECT_TRUE(testing::succeeded(connection->ask(get))) << "the first answer is on its way";
}

TEST(RedisCluster, ANodeThatWasTakenOutOfItIsNotBelieved) {
  std::atomic<bool> reshaped{false};
  std::string before, after;
  FakeRedis kept(node([&] { return after; }, always("+kept\r\n")));
  auto lost = std::make_unique<FakeRedis>(node([&] { return before; }, always("+lost\r\n")));
  FakeRedis seed(node([&] { return reshaped ? "*0\r\n" : before; }, always("-ERR not in use\r\n")));
  before = slots_answer({kept.address(), lost->address()});
  after = slots_answer({kept.address()});
  auto client = value_of(Client::connect(seed.options()));
  ASSERT_EQ(value_of(get(*client)).text(), "lost") << "the key is in the upper half";
  reshaped = true;
  lost.reset();
  EXPECT_EQ(value_of(get(*client)).text(), "kept");
}

TEST(RedisCluster, ANodeThatIsCutOffIsNotTheLastWord) {
  std::string before, after;
  FakeRedis whole(node([&] { return after; }, always("+whole\r\n")));
  FakeRedis cut_off(node([&] { return before; }, always("-CLUSTERDOWN The cluster is down\r\n")));
  before = slots_answer({whole.address(), cut_off.address()});
  after = slots_answer({whole.address()});
  auto client = value_of(Client::connect(cut_off.options()));
  EXPECT_EQ(value_of(get(*client)).text(), "whole");
}

TEST(RedisCluster, ADownClusterIsSaidSo) {
  std::string slots;
  FakeRedis down(node([&] { return slots; }, always("-CLUSTERDOWN The cluster is down\r\n")));
  slots = slots_answer({down.address()});
  auto client = value_of(Client::connect(down.options()));
  EXPECT_TRUE(failed_with(ErrorCode::unavailable, get(*client)));
}

TEST(RedisCluster, NodesThatNameEachOtherAreNoDefectOfOurs) {
  std::string slots, to_first, to_second;
  FakeRedis first(node([&] { return slots; }, [&](const ReplyView&, const FakeRedis::Say& say) { say(to_second); }));
  FakeRedis second(node([&] { return slots; }, [&](const ReplyView&, const FakeRedis::Say& say) { say(to_first); }));
  const auto moved = [](const Address& to) {
    return "-MOVED " + std::to_string(slot_of("key")) + " " + to.text() + "\r\n";
  };
  to_first = moved(first.address());
  to_second = moved(second.address());
  slots = slots_answer({first.address(), second.address()});
  auto client = value_of(Client::connect(first.options()));
  const auto lost = get(*client);
  ASSERT_TRUE(failed_with(ErrorCode::unavailable, lost));
  EXPECT_FALSE(lost.error().hint.empty());
}

TEST(RedisCluster, AScriptWhoseKeysAreInTwoPlacesIsTriedUntilTheyAreInOne) {
  std::string slots;
  const SteadyTime together_at = std::chrono::steady_clock::now() + milliseconds(300);
  FakeRedis moving(node([&] { return slots; },
                        [&](const ReplyView&, const FakeRedis::Say& say) {
                          const bool split = std::chrono::steady_clock::now() < together_at;
                          say(split ? "-TRYAGAIN Multiple keys request during rehashing of slot\r\n" : "+done\r\n");
                        }));
  slots = slots_answer({moving.address()});
  auto client = value_of(Client::connect(moving.options()));
  EXPECT_EQ(value_of(get(*client)).text(), "done");
}

// Whoever listens to another node waits no longer than it must for one that does not answer.
TEST(RedisSubscriber, ANodeThatHangsDoesNotHoldUpTheOthers) {
  FakeRedis hanging;
  std::string slots;
  FakeRedis good(node([&] { return slots; },
                      [](const ReplyView& command, const FakeRedis::Say& say) {
                        say("*3\r\n$10\r\nssubscribe\r\n$" + std::to_string(command[1].text().size()) + "\r\n" +
                            command[1].str() + "\r\n:1\r\n");
                      }));
  slots = slots_answer({good.address(), hanging.address()});
  auto options = good.options();
  options.connect_timeout = milliseconds(300);
  auto client = value_of(Client::connect(options));
  Subscriber subscriber(
      *client, {[](const std::string&, std::string_view) {}, [](const std::vector<std::string>&) { return true; }});
  const auto in_half = [](bool upper) {
    for (int n = 0;; ++n) {
      if ((slot_of(std::to_string(n)) >= kSlots / 2) == upper) return std::to_string(n);
    }
  };
  EXPECT_TRUE(failed_with(ErrorCode::unavailable, subscriber.add(in_half(true), with_timeout(milliseconds(3000)))));
  EXPECT_LE(hanging.connections(), 3) << "it was connected to all the time";
  EXPECT_TRUE(testing::succeeded(subscriber.add(in_half(false), kCall)));
}

}  // namespace
}  // namespace ottobot::redis
