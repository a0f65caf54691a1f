#include <random>

#include "api/api_fixture.hpp"
#include "api/socket_client.hpp"
#include "ottobot/ids.hpp"
#include "ottobot/session/chat_frames.hpp"

namespace ottobot::api::test {
namespace {

using namespace std::chrono_literals;

class Chat : public ApiTest {
 protected:
  SocketClient connect(const std::string& session_id, const std::string& query = {}) {
    SocketClient client(port(), "/session/" + session_id + "/chat" + query);
    EXPECT_TRUE(client.accepted()) << client.handshake().head;
    return client;
  }

  // What a client must see: the frames of every chat-visible event behind `after`.
  std::vector<Json> frames_after(const std::string& session_id, Seq after) {
    std::vector<Json> frames;
    for (;;) {
      const auto events = read_events(*store_, {session_id, after}, with_timeout(10s));
      EXPECT_TRUE(events);
      if (!events || events->empty()) return frames;
      for (const Event& event : *events) {
        for (Json& frame : chat_frames(event)) frames.push_back(std::move(frame));
      }
      after = events->back().seq;
    }
  }

  void expect_frames(SocketClient& client, const std::vector<Json>& expected) {
    for (std::size_t i = 0; i < expected.size(); ++i) {
      const Json frame = client.next_json();
      ASSERT_EQ(frame, expected[i]) << "frame " << i << " of " << expected.size();
    }
  }
};

TEST_F(Chat, GreetsThenReplaysThenGoesLive) {
  const std::string id = create_session();
  SocketClient client = connect(id);
  const Json greeting = client.next_json();
  EXPECT_EQ(greeting["type"], "system_update");
  EXPECT_EQ(greeting["content"], "Connected to session");
  EXPECT_EQ(greeting["metadata"], (Json{{"session_status", "initializing"}, {"last_seq", 3}}));
  EXPECT_FALSE(greeting.contains("seq"));
  expect_frames(client, frames_after(id, 0));
  say(id, "live");
  EXPECT_EQ(client.next_json()["content"], "live");
}

TEST_F(Chat, WithoutAfterTheLastFiftyVisibleEventsAreReplayed) {
  const std::string id = create_session();
  for (int i = 0; i < 60; ++i) {
    append(id, {events::agent_thinking("t" + std::to_string(i)), events::log(LogLevel::info, "not in chat"),
                events::log(LogLevel::info, "nor this"), events::log(LogLevel::info, "nor that")});
  }
  SocketClient client = connect(id);
  client.next_json();
  for (int i = 10; i < 60; ++i) ASSERT_EQ(client.next_json()["content"], "t" + std::to_string(i));
  say(id, "live");
  EXPECT_EQ(client.next_json()["content"], "live");
}

TEST_F(Chat, FramesAreExactlyTheVisibleEventsWhateverIsAppendedMeanwhileAndWhereverClientsReconnect) {
  const std::string id = create_session();
  constexpr int kBatches = 150;
  std::thread writer([&] {
    for (int i = 0; i < kBatches; ++i) {
      append(id, {events::agent_thinking("thought " + std::to_string(i)), events::log(LogLevel::debug, "hidden"),
                  events::turn_finished({TurnOutcome::failed, i, {}, internal_error("broke").value()})});
    }
    say(id, "the end");
  });
  std::mt19937 random(20261122);
  std::vector<std::pair<Seq, std::vector<Json>>> seen;
  Seq after = 0;
  for (int connection = 0; connection < 25; ++connection) {
    SocketClient client = connect(id, "?after=" + std::to_string(after));
    client.next_json();
    std::vector<Json> frames;
    const int wanted = static_cast<int>(random() % 40);
    while (static_cast<int>(frames.size()) < wanted) {
      Json frame = client.next_json(2s);
      if (frame.is_null()) break;
      frames.push_back(std::move(frame));
      if (frames.back()["content"] == "the end") break;
    }
    seen.emplace_back(after, frames);
    Seq last = after;
    for (const Json& frame : frames) last = std::max<Seq>(last, get_int(frame, "seq"));
    after = random() % 3 == 0 ? static_cast<Seq>(random() % static_cast<unsigned>(last + 1)) : last;
  }
  writer.join();
  for (const auto& [from, frames] : seen) {
    auto expected = frames_after(id, from);
    ASSERT_GE(expected.size(), frames.size());
    expected.resize(frames.size());
    ASSERT_EQ(frames, expected) << "after " << from;
  }
  SocketClient whole = connect(id, "?after=0");
  whole.next_json();
  expect_frames(whole, frames_after(id, 0));
}

TEST_F(Chat, ASlowReaderLosesNothingAndIsNotClosed) {
  const std::string id = create_session();
  SocketClient client = connect(id, "?after=0&deltas=1");
  const std::string text(8000, 'x');
  for (int i = 0; i < 200; ++i) {
    std::vector<NewEvent> batch;
    for (int j = 0; j < 10; ++j) batch.push_back(events::agent_thinking(std::to_string(i * 10 + j) + text));
    append(id, std::move(batch));
    ASSERT_TRUE(
        store_->publish(id, {{"kind", "delta"}, {"message_id", "m"}, {"offset", 0}, {"text", text}}, with_timeout(5s)));
  }
  client.next_json();
  const auto expected = frames_after(id, 0);
  std::size_t at = 0;
  while (at < expected.size()) {
    const Json frame = client.next_json();
    if (get_string(frame, "type") == "agent_delta") continue;
    ASSERT_EQ(frame, expected[at]) << "frame " << at;
    ++at;
  }
}

TEST_F(Chat, PromptsAreAcknowledgedByTheirOwnFramesInOrderOnEveryClient) {
  const std::string id = create_session();
  SocketClient sender = connect(id, "?after=3"), watcher = connect(id, "?after=3");
  for (int i = 0; i < 100; ++i) {
    const std::string n = std::to_string(i);
    sender.send_json({{"type", "user_prompt"}, {"content", "p" + n}, {"id", "c" + n}, {"timestamp", 1}});
    if (i % 10 == 0) sender.send_json({{"type", "user_prompt"}, {"content", "p" + n}, {"id", "c" + n}});
  }
  for (SocketClient* client : {&sender, &watcher}) {
    client->next_json();
    for (int i = 0; i < 100; ++i) {
      const Json frame = client->next_json();
      ASSERT_EQ(frame["type"], "user_prompt") << frame;
      ASSERT_EQ(frame["content"], "p" + std::to_string(i));
      ASSERT_EQ(frame["metadata"]["client_id"], "c" + std::to_string(i));
      ASSERT_EQ(frame["seq"], 4 + i);
    }
  }
}

TEST_F(Chat, AResentPromptIsAcknowledgedWhereverTheSendersEventsBegin) {
  const std::string id = create_session();
  const Json prompt{{"type", "user_prompt"}, {"content", "once"}, {"id", "mine"}};
  SocketClient first = connect(id, "?after=3");
  first.next_json();
  first.send_json(prompt);
  EXPECT_EQ(first.next_json()["seq"], 4);
  first.drop();
  for (int i = 0; i < 60; ++i) say(id, std::to_string(i));

  SocketClient behind = connect(id, "?after=64");
  behind.next_json();
  behind.send_json(prompt);
  const Json receipt = behind.next_json();
  EXPECT_EQ(receipt["type"], "user_prompt");
  EXPECT_EQ(receipt["content"], "once");
  EXPECT_EQ(receipt["metadata"], (Json{{"client_id", "mine"}, {"seq", 4}}));
  EXPECT_FALSE(receipt.contains("seq"));

  SocketClient before = connect(id, "?after=3");
  before.next_json();
  before.send_json(prompt);
  EXPECT_EQ(before.next_json()["seq"], 4);
  behind.send_json({{"type", "user_prompt"}, {"content", "another text"}, {"id", "mine"}});
  const Json again = behind.next_json();
  EXPECT_EQ(again["content"], "once") << "what the log has";
  EXPECT_EQ(again["metadata"], receipt["metadata"]);
  for (int i = 0; i < 60; ++i) EXPECT_EQ(before.next_json()["content"], std::to_string(i));
  say(id, "live");
  for (SocketClient* client : {&behind, &before}) EXPECT_EQ(client->next_json()["content"], "live");
}

TEST_F(Chat, AClientThatHasSeenMoreThanTheLogHasIsToldAndFollowsFromItsEnd) {
  const std::string id = create_session();
  SocketClient client = connect(id, "?after=500");
  EXPECT_EQ(client.next_json()["metadata"]["last_seq"], 3);
  const Json told = client.next_json();
  EXPECT_EQ(told["type"], "error");
  EXPECT_NE(get_string(told, "content").find("the log ends at 3"), std::string::npos) << told;
  say(id, "live");
  EXPECT_EQ(client.next_json()["seq"], 4);
}

TEST_F(Chat, ABadFrameIsAnsweredAndTheSocketStaysOpen) {
  const std::string id = create_session();
  SocketClient client = connect(id, "?after=3");
  client.next_json();
  const std::string bad[] = {"",
                             "not json",
                             "[]",
                             "{}",
                             R"({"type":5})",
                             R"({"type":"dance"})",
                             R"({"type":"user_prompt"})",
                             R"({"type":"user_prompt","content":""})",
                             R"({"type":"user_prompt","content":7})",
                             R"({"type":"user_prompt","content":"x","id":9})",
                             dump_json({{"type", "user_prompt"}, {"content", std::string(10001, 'x')}})};
  for (const std::string& frame : bad) {
    client.send_text(frame);
    const Json answer = client.next_json();
    EXPECT_EQ(answer["type"], "error") << frame;
    EXPECT_EQ(answer["error"], "Bad Request") << frame;
    EXPECT_FALSE(get_string(answer, "content").empty()) << frame;
    EXPECT_EQ(get_string(answer, "content").find("body"), std::string::npos) << answer;
    EXPECT_TRUE(answer["timestamp"].is_number_integer());
  }
  client.send_binary("{}");
  EXPECT_EQ(client.next_json()["type"], "error");
  client.send_json({{"type", "user_prompt"}, {"content", "still here"}});
  EXPECT_EQ(client.next_json()["content"], "still here");
}

TEST_F(Chat, StopReachesTheLog) {
  const std::string id = create_session();
  SocketClient client = connect(id, "?after=3");
  client.next_json();
  client.send_json({{"type", "stop"}});
  EXPECT_EQ(client.next_json()["content"], "Stop requested");
}

TEST_F(Chat, AFrameOverOneMebibyteCloses1009) {
  SocketClient client = connect(create_session());
  client.send_text(std::string((1 << 20) + 1, 'x'));
  EXPECT_EQ(client.close_code(), 1009);
}

TEST_F(Chat, ABadAfterIs400AndAPlainRequest426) {
  const std::string id = create_session();
  for (const char* after : {"abc", "-1", "", "1.5", "99999999999999999999", "1&after=2", "1%00"}) {
    SocketClient client(port(), "/session/" + id + "/chat?after=" + after);
    EXPECT_EQ(client.handshake().status, 400) << after;
  }
  EXPECT_EQ(get("/session/" + id + "/chat").status, 426);
}

TEST_F(Chat, AnUnknownSessionIsAnErrorFrameAndClose4404) {
  for (const std::string& id : {new_id(), std::string("nope")}) {
    SocketClient client = connect(id);
    EXPECT_EQ(client.next_json()["type"], "error");
    EXPECT_EQ(client.close_code(), 4404);
  }
}

TEST_F(Chat, DeletingClosesOpenSocketsAfterTheirLastFramesAndRefusesNewOnes) {
  const std::string id = create_session();
  SocketClient client = connect(id, "?after=3");
  client.next_json();
  ASSERT_EQ(send("DELETE", "/session/" + id).status, 202);
  finish_delete(id);
  EXPECT_EQ(client.next_json()["metadata"]["session_status"], "terminated");
  EXPECT_FALSE(client.next());
  EXPECT_EQ(client.close_code(), 4410);
  SocketClient late = connect(id);
  EXPECT_EQ(late.next_json()["type"], "error");
  EXPECT_EQ(late.close_code(), 4410);
}

TEST_F(Chat, AnExpiredSessionStaysOpenForThePromptThatWakesIt) {
  const std::string id = create_session();
  SocketClient client = connect(id, "?after=3");
  client.next_json();
  RowPatch patch;
  patch.status = SessionStatus::terminated;
  patch.phase = std::string(phase::kExpired);
  append(id, {events::status_changed(SessionStatus::terminated, "expired")}, patch);
  EXPECT_EQ(client.next_json()["content"], "expired");
  client.send_json({{"type", "user_prompt"}, {"content", "wake up"}});
  EXPECT_EQ(client.next_json()["content"], "wake up");
}

TEST_F(Chat, DeltasComeOnlyToThoseWhoAsk) {
  const std::string id = create_session();
  SocketClient plain = connect(id, "?after=3"), asking = connect(id, "?after=3&deltas=1");
  plain.next_json();
  asking.next_json();
  ASSERT_TRUE(
      store_->publish(id, {{"kind", "delta"}, {"message_id", "m"}, {"offset", 0}, {"text", "Hel"}}, with_timeout(5s)));
  ASSERT_TRUE(store_->publish(id, {{"kind", "something else"}}, with_timeout(5s)));
  const Json delta = asking.next_json();
  EXPECT_EQ(delta["type"], "agent_delta");
  EXPECT_EQ(delta["content"], "Hel");
  EXPECT_FALSE(delta.contains("seq"));
  say(id, "whole");
  EXPECT_EQ(asking.next_json()["content"], "whole");
  EXPECT_EQ(plain.next_json()["content"], "whole");
}

TEST_F(Chat, DeltasKeepTheirPlaceBetweenTheEvents) {
  constexpr int kRounds = 100;
  const std::string id = create_session();
  SocketClient client = connect(id, "?after=3&deltas=1");
  client.next_json();
  for (int round = 0; round < kRounds; ++round) {
    const auto text = std::to_string(round);
    const Json delta{{"kind", "delta"}, {"message_id", text}, {"offset", 0}, {"text", text}};
    ASSERT_TRUE(store_->publish(id, delta, with_timeout(5s)));
    say(id, text);
  }
  for (int round = 0; round < kRounds; ++round) {
    for (const char* type : {"agent_delta", "agent_thinking"}) {
      const Json frame = client.next_json();
      EXPECT_EQ(frame["type"], type) << "round " << round;
      EXPECT_EQ(frame["content"], std::to_string(round));
    }
  }
}

TEST_F(Chat, SocketsThatComeAndGoLeaveTheServerWhole) {
  const std::string id = create_session();
  std::atomic<bool> done{false};
  std::thread writer([&] {
    for (int i = 0; !done; ++i) say(id, std::to_string(i));
  });
  std::vector<std::thread> clients;
  for (int thread = 0; thread < 4; ++thread) {
    clients.emplace_back([&, thread] {
      for (int i = 0; i < 25; ++i) {
        SocketClient client(port(), "/session/" + id + "/chat?deltas=1");
        client.send_json({{"type", "stop"}});
        if (i % 3 == 0) client.next();
        if ((i + thread) % 2 == 0) client.send_close();
        client.drop();
      }
    });
  }
  for (std::thread& client : clients) client.join();
  done = true;
  writer.join();
  SocketClient client = connect(id);
  EXPECT_EQ(client.next_json()["content"], "Connected to session");
}

TEST_F(Chat, TheApisEndClosesOpenSockets) {
  const std::string id = create_session();
  SocketClient client = connect(id, "?after=3");
  client.next_json();
  SocketClient events(port(), "/session/" + id + "/vnc/websockify");
  ASSERT_TRUE(events.accepted());
  while (handling_ > 0) std::this_thread::yield();
  api_.reset();
  EXPECT_EQ(client.close_code(), 1001);
  EXPECT_EQ(events.close_code(), 1001);
  say(id, "nobody listens");
}

}  // namespace
}  // namespace ottobot::api::test
