#include "chat/chat_feed.hpp"

#include <gtest/gtest.h>
#include <poll.h>

#include "net/server/http_server.hpp"
#include "ottobot/json.hpp"

namespace ottobot::cli::chat {
namespace {

using namespace std::chrono_literals;

constexpr Seq kLast = 20;

class Deaf final : public net::WebSocketObserver {
 public:
  void on_message(std::string, bool) override {}
  void on_drained() override {}
  void on_close(int) override {}
};

// A chat whose connections break after three frames each, in the middle of a failed turn as well.
class ChatFeedTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto server = net::make_http_server({});
    ASSERT_TRUE(server) << server.error().to_string();
    server_ = std::move(*server);
    net::ListenOptions options;
    options.handler = [this](net::Exchange& exchange) { answer(exchange); };
    auto listener = server_->listen(std::move(options));
    ASSERT_TRUE(listener) << listener.error().to_string();
    listener_ = std::move(*listener);
  }

  void answer(net::Exchange& exchange) {
    const Seq after = std::stoll(exchange.request().query_param("after").value_or("0"));
    auto socket = exchange.accept_websocket({}, std::make_shared<Deaf>());
    if (!socket) return;
    (*socket)->send_text(dump_json({{"type", "system_update"},
                                    {"content", "Connected to session"},
                                    {"metadata", {{"session_status", "ready"}, {"last_seq", last_}}}}));
    const Seq from = std::min(after, last_);
    if (after > last_) last_ += 2;  // the log goes on from where it really ends
    for (Seq seq = from + 1; seq <= std::min<Seq>(from + 3, last_); ++seq) {
      if (seq % 5 == 0) (*socket)->send_text(R"({"type":"error","error":"e","content":"e"})");
      if (seq == 10 && !std::exchange(cut_, true)) break;  // its error came, it did not
      (*socket)->send_text(dump_json({{"type", "system_update"}, {"content", "x"}, {"seq", seq}}));
    }
    (*socket)->close(from >= last_ ? close_code_ : 1011, "");
  }

  std::vector<News> all_news(FeedOptions options) {
    options.url = "http://127.0.0.1:" + std::to_string(listener_->port());
    options.session_id = "V1StGXR8_Z5jdHi6B-myT";
    auto feed = ChatFeed::start(std::move(options));
    EXPECT_TRUE(feed);
    std::vector<News> all;
    while (feed && (all.empty() || all.back().kind != News::Kind::ended)) {
      pollfd waiting{(*feed)->fd(), POLLIN, 0};
      if (::poll(&waiting, 1, 20000) <= 0) break;
      for (auto& news : (*feed)->take()) all.push_back(std::move(news));
    }
    return all;
  }

  Seq last_ = kLast;  // of the log, in handler threads
  int close_code_ = 4410;
  bool cut_ = false;  // handler threads, one connection at a time
  std::unique_ptr<net::HttpServer> server_;
  std::unique_ptr<net::Listener> listener_;
};

TEST_F(ChatFeedTest, ConnectsAgainWithoutLosingOrRepeatingAFrame) {
  std::vector<Seq> seqs;
  int errors = 0, lost = 0;
  const auto all = all_news({});
  for (const auto& news : all) {
    lost += news.kind == News::Kind::lost ? 1 : 0;
    if (news.kind != News::Kind::frame) continue;
    if (const auto seq = get_int(news.frame, "seq"); seq > 0) seqs.push_back(seq);
    errors += get_string(news.frame, "type") == "error" ? 1 : 0;
  }
  std::vector<Seq> expected;
  for (Seq seq = 1; seq <= kLast; ++seq) expected.push_back(seq);
  EXPECT_EQ(seqs, expected);
  EXPECT_EQ(errors, 4);
  EXPECT_GE(lost, 6);
  ASSERT_FALSE(all.empty());
  EXPECT_EQ(all.back().error.code, ErrorCode::conflict);
}

TEST_F(ChatFeedTest, AnUnknownSessionIsTheEnd) {
  close_code_ = 4404;
  FeedOptions options;
  options.after = kLast;
  const auto all = all_news(options);
  ASSERT_FALSE(all.empty());
  EXPECT_EQ(all.back().kind, News::Kind::ended);
  EXPECT_EQ(all.back().error.code, ErrorCode::not_found);
}

TEST_F(ChatFeedTest, FollowsALogThatLostItsEnd) {
  FeedOptions options;
  options.after = kLast + 30;
  std::vector<Seq> seqs;
  for (const auto& news : all_news(options)) {
    if (const auto seq = get_int(news.frame, "seq"); seq > 0) seqs.push_back(seq);
  }
  EXPECT_EQ(seqs, (std::vector<Seq>{kLast + 1, kLast + 2}));
}

TEST_F(ChatFeedTest, PatienceEnds) {
  close_code_ = 1001;
  FeedOptions options;
  options.patience = 0ms;
  const auto all = all_news(options);
  ASSERT_FALSE(all.empty());
  EXPECT_EQ(all.back().kind, News::Kind::ended);
  EXPECT_EQ(all.back().error.code, ErrorCode::unavailable);
}

}  // namespace
}  // namespace ottobot::cli::chat
