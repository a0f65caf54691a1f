// A session whose every turn is a round of rounds.hpp, a chat client that stays with it, and random instants.
#pragma once

#include <optional>
#include <string>

#include "crash/chance.hpp"
#include "crash/chat_follower.hpp"
#include "crash/rounds.hpp"
#include "integration/server_process.hpp"

namespace ottobot::crash {

class RoundsTest : public ::testing::Test {
 protected:
  explicit RoundsTest(int rounds) : rounds_(rounds) {}

  void SetUp() override {
    ASSERT_NO_FATAL_FAILURE(start());
    id_ = client_->create("Round 1");
    ASSERT_FALSE(id_.empty()) << server_.log();
    chat_.emplace(id_, server_.port());
  }

  void start() {
    const auto started = server_.start();
    ASSERT_TRUE(started) << started.error().to_string();
    client_.emplace(server_.url());
    if (chat_) chat_->move_to(server_.port());
  }

  bool post(const std::string& url, int round) const {
    const Json prompt{{"content", "Go on"}, {"id", "round-" + std::to_string(round)}};
    return integration::SessionClient(url).send("POST", "/session/" + id_ + "/messages", prompt).status == 202;
  }

  // A random one of the turn's frames, and a random moment after it.
  void await_instant(int round) {
    const std::size_t enough = chat_->seen().seqs.size() + static_cast<std::size_t>(chance_.up_to(kFramesPerTurn));
    const bool reached = chat_->wait_until(
        [&](const ChatFollower::Seen& seen) { return seen.seqs.size() >= enough || seen.turns >= round; }, kPatience);
    ASSERT_TRUE(reached) << server_.log();
    std::this_thread::sleep_for(chance_.moment(kBetweenFrames));
  }

  void await_end(int round) {
    const auto ended = [&](const ChatFollower::Seen& seen) { return seen.turns >= round; };
    ASSERT_TRUE(chat_->wait_until(ended, kPatience)) << server_.log();
  }

  // All turns completed, and the chat client saw each event of the log that it had to see, once.
  integration::Events expect_whole_log() {
    const integration::Events events = client_->events(id_);
    expect_no_gap_and_nothing_twice(events);
    expect_whole_turns(events, rounds_);
    const integration::Seqs visible = integration::visible_after(events, 0);
    const auto saw_all = [&](const ChatFollower::Seen& seen) { return seen.seqs.size() >= visible.size(); };
    EXPECT_TRUE(chat_->wait_until(saw_all, kPatience));
    EXPECT_EQ(chat_->seen().seqs, visible);
    return events;
  }

  static constexpr int kFramesPerTurn = 2 + (kSteps + 1) + 2 * kCallsPerTurn + 2;
  static constexpr std::chrono::seconds kPatience{60};
  static constexpr std::chrono::milliseconds kBetweenFrames{60};

  Chance chance_;
  const int rounds_;
  integration::ServerProcess server_{rounds_scenario(rounds_)};
  std::optional<integration::SessionClient> client_;
  std::string id_;
  std::optional<ChatFollower> chat_;
};

}  // namespace ottobot::crash
