#include "net/client/stream_request.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <thread>

namespace ottobot::net {
namespace {

using namespace std::chrono_literals;

struct Answer final : ResponseSink {
  Result<void> on_head(int new_status, const Headers&) override {
    status = new_status;
    return {};
  }
  Result<void> on_body(std::string_view bytes) override {
    body += bytes;
    return {};
  }
  int status = 0;
  std::string body;
};

// A peer at the other end of a socket pair, on its own thread.
class Peer {
 public:
  explicit Peer(std::function<void(int fd)> work) {
    int ends[2];
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    ::fcntl(ends[0], F_SETFL, O_NONBLOCK);
    ours_ = UniqueFd(ends[0]);
    thread_ = std::thread([fd = UniqueFd(ends[1]), work = std::move(work)] { work(fd.get()); });
  }
  ~Peer() { thread_.join(); }
  RawStream stream() { return {std::move(ours_), {}}; }

 private:
  UniqueFd ours_;
  std::thread thread_;
};

void say(int fd, std::string_view text) {
  EXPECT_EQ(::send(fd, text.data(), text.size(), MSG_NOSIGNAL), static_cast<ssize_t>(text.size()));
}

std::string hear_until(int fd, std::string_view end) {
  std::string heard;
  char byte = 0;
  while (!heard.ends_with(end) && ::recv(fd, &byte, 1, 0) == 1) heard += byte;
  return heard;
}

HttpRequest request_for(const std::string& target) {
  HttpRequest request;
  request.url = target;
  request.headers = {{"Host", "app"}};
  return request;
}

TEST(StreamRequest, SendsWhatItIsGivenAndReadsTheAnswer) {
  std::string heard;
  Answer answer;
  {
    Peer peer([&](int fd) {
      heard = hear_until(fd, "\r\n\r\n");
      say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    });
    const auto done = request_over(peer.stream(), request_for("/a?b=c"), answer, with_timeout(20s));
    ASSERT_TRUE(done) << done.error().to_string();
    EXPECT_FALSE(done->has_value());
  }
  EXPECT_EQ(heard, "GET /a?b=c HTTP/1.1\r\nHost: app\r\n\r\n");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, "ok");
}

// One that sent everything first would wait for a peer that waits for it.
TEST(StreamRequest, ReadsWhileItSends) {
  constexpr std::size_t kSize = 8 << 20;
  Answer answer;
  Peer echo([](int fd) {
    hear_until(fd, "\r\n\r\n");
    say(fd, "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(kSize) + "\r\n\r\n");
    std::string piece(4096, '\0');
    for (std::size_t done = 0; done < kSize;) {
      const ssize_t got = ::recv(fd, piece.data(), piece.size(), 0);
      if (got <= 0) return;
      say(fd, std::string_view(piece).substr(0, static_cast<std::size_t>(got)));
      done += static_cast<std::size_t>(got);
    }
  });
  HttpRequest request = request_for("/echo");
  request.method = "POST";
  request.headers.add("Content-Length", std::to_string(kSize));
  std::size_t sent = 0;
  request.body_source = [&](char* buffer, std::size_t size) {
    size = std::min(size, kSize - sent);
    for (std::size_t i = 0; i < size; ++i) buffer[i] = static_cast<char>('a' + (sent + i) % 26);
    sent += size;
    return size;
  };
  const auto done = request_over(echo.stream(), request, answer, with_timeout(60s));
  ASSERT_TRUE(done) << done.error().to_string();
  ASSERT_EQ(answer.body.size(), kSize);
  EXPECT_EQ(answer.body.substr(kSize - 4),
            std::string({static_cast<char>('a' + (kSize - 4) % 26), static_cast<char>('a' + (kSize - 3) % 26),
                         static_cast<char>('a' + (kSize - 2) % 26), static_cast<char>('a' + (kSize - 1) % 26)}));
}

TEST(StreamRequest, APeerMayAnswerAndCloseBeforeItHasReadTheBody) {
  Answer answer;
  Peer peer([](int fd) {
    hear_until(fd, "\r\n\r\n");
    say(fd, "HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno");
  });
  HttpRequest request = request_for("/upload");
  request.method = "PUT";
  request.body_source = [](char* buffer, std::size_t size) {
    std::fill_n(buffer, size, 'x');  // without end
    return size;
  };
  const auto done = request_over(peer.stream(), request, answer, with_timeout(20s));
  ASSERT_TRUE(done) << done.error().to_string();
  EXPECT_EQ(answer.status, 413);
}

TEST(StreamRequest, HandsTheStreamBackAfterASwitch) {
  Answer answer;
  Peer peer([](int fd) {
    hear_until(fd, "\r\n\r\n");
    say(fd, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\nearly");
    EXPECT_EQ(hear_until(fd, "!"), "hello!");
  });
  auto done = request_over(peer.stream(), request_for("/ws"), answer, with_timeout(20s));
  ASSERT_TRUE(done) << done.error().to_string();
  ASSERT_TRUE(done->has_value());
  EXPECT_EQ(answer.status, 101);
  EXPECT_EQ((*done)->early_bytes, "early");
  say((*done)->fd.get(), "hello!");
}

TEST(StreamRequest, EndsInTime) {
  Answer answer;
  std::stop_source stop;
  Peer silent([](int fd) { hear_until(fd, "never"); });
  HttpRequest request = request_for("/");
  request.idle_timeout = 50ms;
  const auto idle = request_over(silent.stream(), request, answer, with_timeout(20s));
  ASSERT_FALSE(idle);
  EXPECT_EQ(idle.error().code, ErrorCode::deadline_exceeded);
  Peer other([](int fd) { hear_until(fd, "never"); });
  stop.request_stop();
  const auto stopped =
      request_over(other.stream(), request_for("/"), answer, with_timeout(20s).with_stop(stop.get_token()));
  ASSERT_FALSE(stopped);
  EXPECT_EQ(stopped.error().code, ErrorCode::cancelled);
}

TEST(StreamRequest, ACutAnswerIsNoAnswer) {
  for (const char* bytes :
       {"", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc", "hello\r\n"}) {
    Answer answer;
    Peer peer([bytes](int fd) {
      hear_until(fd, "\r\n\r\n");
      say(fd, bytes);
    });
    const auto done = request_over(peer.stream(), request_for("/"), answer, with_timeout(20s));
    ASSERT_FALSE(done) << bytes;
    EXPECT_EQ(done.error().code, ErrorCode::unavailable) << bytes;
  }
}

TEST(StreamRequest, SendsNothingThatIsNoRequest) {
  Answer answer;
  HttpRequest request = request_for("/a b");
  EXPECT_EQ(request_over({}, request, answer, {}).error().code, ErrorCode::invalid_argument);
  request = request_for("/");
  request.headers.add("X", "a\r\nY: b");
  EXPECT_EQ(request_over({}, request, answer, {}).error().code, ErrorCode::invalid_argument);
}

}  // namespace
}  // namespace ottobot::net
