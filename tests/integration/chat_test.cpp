#include <gtest/gtest.h>

#include "api/socket_client.hpp"
#include "integration/chat_view.hpp"
#include "integration/scenario.hpp"
#include "integration/server_process.hpp"
#include "integration/session_client.hpp"

namespace ottobot::integration {
namespace {

using api::test::SocketClient;

Json talking_scenario() {
  Json thinking = step("Writing it.", {run_command("echo one > one.txt; sleep 0.3")});
  thinking["thinking"] = "A file is wanted.";
  return scenario({turn(1, {thinking, step("", {run_command("exit 1")}), step("The first is done.")}),
                   turn(2, {step("The second is done.")})});
}

// The numbered frames up to the end of `turns` turns.
std::vector<Json> read_turns(SocketClient& socket, int turns) {
  std::vector<Json> frames;
  while (turns > 0) {
    Json frame = socket.next_json(std::chrono::seconds(30));
    if (frame.is_null()) break;
    if (!frame.contains("seq")) continue;
    turns -= ends_a_turn(frame) ? 1 : 0;
    frames.push_back(std::move(frame));
  }
  return frames;
}

class Chat : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto started = server_.start();
    ASSERT_TRUE(started) << started.error().to_string();
    client_.emplace(server_.url());
    id_ = client_->create("First");
    ASSERT_FALSE(id_.empty()) << server_.log();
  }

  SocketClient connect(std::int64_t after) const {
    return SocketClient(server_.port(), "/session/" + id_ + "/chat?after=" + std::to_string(after));
  }

  ServerProcess server_{talking_scenario()};
  std::optional<SessionClient> client_;
  std::string id_;
};

TEST_F(Chat, LiveFramesAreTheVisibleEvents) {
  SocketClient socket = connect(0);
  ASSERT_TRUE(socket.accepted());
  const Json hello = socket.next_json();
  EXPECT_EQ(get_string(hello, "content"), "Connected to session") << hello;
  EXPECT_FALSE(hello.contains("seq"));
  auto frames = read_turns(socket, 1);
  socket.send_json({{"type", "user_prompt"}, {"content", "Second"}, {"id", "mine"}});
  const auto second = read_turns(socket, 1);
  const auto echo = std::find_if(second.begin(), second.end(),
                                 [](const Json& frame) { return get_string(frame, "type") == "user_prompt"; });
  ASSERT_NE(echo, second.end());
  EXPECT_EQ(get_string((*echo)["metadata"], "client_id"), "mine") << *echo;
  frames.insert(frames.end(), second.begin(), second.end());
  EXPECT_EQ(seqs_of(frames), visible_after(client_->events(id_), 0));
}

TEST_F(Chat, ALateReaderSeesTheSameFramesFromWhereItLeftOff) {
  SocketClient live = connect(0);
  const auto seen_live = read_turns(live, 1);
  ASSERT_GT(seen_live.size(), 8u) << server_.log();
  const Events events = client_->events(id_);
  for (const std::size_t left_off : {std::size_t{0}, std::size_t{4}, seen_live.size() - 2}) {
    const auto after = get_int(seen_live[left_off], "seq");
    SocketClient late = connect(after);
    const auto seen_late = read_turns(late, 1);
    EXPECT_EQ(seqs_of(seen_late), visible_after(events, after));
    EXPECT_TRUE(std::equal(seen_late.begin(), seen_late.end(), seen_live.begin() + static_cast<long>(left_off) + 1,
                           seen_live.end()));
  }
}

TEST_F(Chat, AKilledServerIsJoinedAgainWithoutAGap) {
  SocketClient before = connect(0);
  std::int64_t last = 0;
  Seqs seen;
  for (int i = 0; i < 8; ++i) {
    const Json frame = before.next_json();
    if (!frame.contains("seq")) continue;
    last = get_int(frame, "seq");
    seen.push_back(last);
  }
  server_.kill9();
  ASSERT_TRUE(server_.start()) << server_.log();
  client_.emplace(server_.url());
  SocketClient after = connect(last);
  for (const auto seq : seqs_of(read_turns(after, 1))) seen.push_back(seq);
  EXPECT_EQ(seen, visible_after(client_->events(id_), 0));
}

}  // namespace
}  // namespace ottobot::integration
