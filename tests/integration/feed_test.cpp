// Many readers and writers of one session: all see the same, and every prompt runs once.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <mutex>
#include <random>
#include <set>
#include <thread>

#include "api/socket_client.hpp"
#include "integration/chat_view.hpp"
#include "integration/scenario.hpp"
#include "integration/server_process.hpp"
#include "integration/session_client.hpp"

namespace ottobot::integration {
namespace {

using api::test::SocketClient;

constexpr int kSenders = 3;
constexpr int kPromptsEach = 100;
constexpr int kTurns = kSenders * kPromptsEach + 1;
constexpr std::chrono::seconds kPatience{60};

// The first turn lasts while the prompts come.
Json waiting_scenario() {
  Json slow = step("The first is done.");
  slow["delay_ms"] = 2000;
  Json quick = Json::object();
  quick["steps"] = Json::array({step("Done.")});
  return scenario({turn(1, {slow}), quick});
}

std::string prompt_id(int sender, int n) { return "s" + std::to_string(sender) + "-" + std::to_string(n); }

class Feed : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto started = server_.start();
    ASSERT_TRUE(started) << started.error().to_string();
    client_.emplace(server_.url());
    id_ = client_->create("First");
    ASSERT_FALSE(id_.empty()) << server_.log();
    ASSERT_FALSE(client_->wait_for(id_, is_type("model_call_started"), kPatience).is_null()) << server_.log();
  }

  SocketClient connect(std::int64_t after) const {
    return SocketClient(server_.port(), "/session/" + id_ + "/chat?after=" + std::to_string(after));
  }

  // Reads on until `wanted` frames more or the end of all turns; false at that end.
  static bool read_frames(SocketClient& socket, Seqs& seqs, int& turns, int wanted) {
    while (wanted-- > 0 && turns < kTurns) {
      const Json frame = socket.next_json(kPatience);
      if (frame.is_null()) return false;
      if (!frame.contains("seq")) continue;
      seqs.push_back(get_int(frame, "seq"));
      turns += ends_a_turn(frame) ? 1 : 0;
    }
    return turns < kTurns;
  }

  // A chat client that also sends: each tenth prompt twice, and a neighbour's too.
  void chat_and_send(int sender, Seqs& seqs) {
    SocketClient socket = connect(0);
    for (int n = 0; n < kPromptsEach; ++n) {
      send_prompt(socket, sender, n);
      if (n % 10 == 0) send_prompt(socket, sender, n);
      if (n % 10 == 5) send_prompt(socket, (sender + 1) % kSenders, n);
    }
    int turns = 0;
    while (read_frames(socket, seqs, turns, 1000)) {
    }
  }

  static void send_prompt(SocketClient& socket, int sender, int n) {
    const std::string id = prompt_id(sender, n);
    socket.send_json({{"type", "user_prompt"}, {"content", id}, {"id", id}});
  }

  void post_prompts(int sender, std::map<std::string, std::int64_t>& seqs) {
    const SessionClient rest(server_.url());
    for (int n = 0; n < kPromptsEach; ++n) {
      const std::string id = prompt_id(sender, n);
      for (int times = n % 10 == 0 ? 2 : 1; times > 0; --times) {
        const auto answer = rest.send("POST", "/session/" + id_ + "/messages", {{"content", id}, {"id", id}});
        ASSERT_EQ(answer.status, 202) << answer.body;
        const auto seq = get_int(parse_json(answer.body).value_or(Json()), "seq");
        EXPECT_EQ(seqs.emplace(id, seq).first->second, seq) << id;
      }
    }
  }

  // A chat client that leaves at random, and sends what it may have sent before when it is back.
  void come_and_go(Seqs& seqs) {
    std::mt19937 random(7);
    int turns = 0;
    for (bool more = true; more;) {
      SocketClient socket = connect(seqs.empty() ? 0 : seqs.back());
      send_prompt(socket, 0, static_cast<int>(random() % kPromptsEach));
      more = read_frames(socket, seqs, turns, static_cast<int>(random() % 80));
      socket.drop();
      if (turns >= kTurns) more = false;
    }
  }

  void page(Seqs& seqs) {
    const SessionClient rest(server_.url());
    std::mt19937 random(11);
    const auto until = std::chrono::steady_clock::now() + kPatience;
    std::int64_t after = 0;
    for (int turns = 0; turns < kTurns && std::chrono::steady_clock::now() < until;) {
      const auto limit = std::to_string(1 + random() % 40);
      const Json page = rest.get("/session/" + id_ + "/events?limit=" + limit + "&after=" + std::to_string(after));
      for (const Json& event : page.value("events", Json::array())) {
        after = get_int(event, "seq");
        turns += get_string(event, "type") == "turn_finished" ? 1 : 0;
        if (is_visible(event)) seqs.push_back(after);
      }
    }
  }

  void stream(Seqs& seqs);

  ServerProcess server_{waiting_scenario()};
  std::optional<SessionClient> client_;
  std::string id_;
};

// Server-sent events; gives up after `most` of them, as a browser whose connection breaks.
class EventSource final : public net::ResponseSink {
 public:
  EventSource(Seqs& seqs, std::int64_t& last_id, int& turns, int most)
      : seqs_(seqs), last_id_(last_id), turns_(turns), left_(most) {}

  Result<void> on_head(int status, const net::Headers& headers) override {
    EXPECT_EQ(status, 200);
    EXPECT_EQ(headers.find("Content-Type").value_or(""), "text/event-stream");
    return {};
  }

  Result<void> on_body(std::string_view bytes) override {
    buffer_ += bytes;
    for (auto end = buffer_.find("\n\n"); end != std::string::npos; end = buffer_.find("\n\n")) {
      take(buffer_.substr(0, end));
      buffer_.erase(0, end + 2);
      if (left_ == 0 || turns_ == kTurns) return cancelled("enough");
    }
    return {};
  }

 private:
  void take(const std::string& block) {
    const auto data = block.find("data: ");
    if (block.rfind("id: ", 0) != 0 || data == std::string::npos) return;
    const Json event = parse_json(block.substr(data + 6)).value_or(Json());
    last_id_ = std::stoll(block.substr(4));
    EXPECT_EQ(get_int(event, "seq"), last_id_);
    if (is_visible(event)) seqs_.push_back(last_id_);
    turns_ += get_string(event, "type") == "turn_finished" ? 1 : 0;
    --left_;
  }

  Seqs& seqs_;
  std::int64_t& last_id_;
  int& turns_;
  int left_;
  std::string buffer_;
};

void Feed::stream(Seqs& seqs) {
  const auto http = net::make_http_client();
  ASSERT_TRUE(http);
  const auto ctx = with_timeout(kPatience);
  std::int64_t last_id = 0;
  for (int turns = 0; turns < kTurns && ctx.check();) {
    net::HttpRequest request;
    request.url = server_.url() + "/session/" + id_ + "/events";
    request.headers.set("Accept", "text/event-stream");
    request.headers.set("Last-Event-ID", std::to_string(last_id));
    EventSource source(seqs, last_id, turns, 150);
    (void)(*http)->stream(request, source, ctx);
  }
}

TEST_F(Feed, EveryReaderSeesTheSameAndEveryPromptRunsOnceInOrder) {
  std::map<std::string, Seqs> seen;
  for (const char* reader : {"chat 0", "chat 1", "chat that comes and goes", "stream", "pages"}) seen[reader];
  std::map<std::string, std::int64_t> posted;
  std::vector<std::thread> threads;
  threads.emplace_back([&] { chat_and_send(0, seen.at("chat 0")); });
  threads.emplace_back([&] { chat_and_send(1, seen.at("chat 1")); });
  threads.emplace_back([&] { post_prompts(2, posted); });
  threads.emplace_back([&] { come_and_go(seen.at("chat that comes and goes")); });
  threads.emplace_back([&] { stream(seen.at("stream")); });
  threads.emplace_back([&] { page(seen.at("pages")); });
  for (std::thread& thread : threads) thread.join();

  const Events events = client_->events(id_);
  const Seqs visible = visible_after(events, 0);
  for (const auto& [reader, seqs] : seen) EXPECT_EQ(seqs, visible) << reader;

  std::set<std::string> contents;
  for (const Json& prompt : of_type(events, "user_prompt")) {
    const std::string content = get_string(prompt["data"], "content");
    EXPECT_TRUE(contents.insert(content).second) << content << " was taken twice";
    if (posted.count(content) == 0) continue;
    EXPECT_EQ(posted[content], get_int(prompt, "seq")) << content;
  }
  EXPECT_EQ(contents.size(), static_cast<std::size_t>(kTurns));
  const Events ends = of_type(events, "turn_finished");
  EXPECT_EQ(ends.size(), static_cast<std::size_t>(kTurns));
  for (const Json& end : ends) EXPECT_EQ(get_string(end["data"], "outcome"), "completed") << end;
  EXPECT_EQ(of_type(events, "agent_message").size(), static_cast<std::size_t>(kTurns));
}

}  // namespace
}  // namespace ottobot::integration
