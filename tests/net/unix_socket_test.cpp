#include "net/process/unix_socket.hpp"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "net/process/wait_fd.hpp"
#include "ottobot/ids.hpp"

namespace ottobot::net {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

class UnixSocketTest : public testing::Test {
 protected:
  UnixSocketTest() { std::filesystem::create_directories(folder_); }
  ~UnixSocketTest() override { std::filesystem::remove_all(folder_); }

  std::string path(const std::string& name) const { return folder_ + "/" + name; }

  UniqueFd accept_one(const UniqueFd& listener) {
    EXPECT_TRUE(wait_fd(listener.get(), POLLIN, ctx_));
    return UniqueFd(::accept(listener.get(), nullptr, nullptr));
  }

  // Answers one connection with `answer` after it has read a request head, which it returns.
  std::string serve(const UniqueFd& listener, const std::string& answer) {
    UniqueFd peer = accept_one(listener);
    std::string head;
    char byte = 0;
    while (head.find("\r\n\r\n") == std::string::npos && ::read(peer.get(), &byte, 1) == 1) head += byte;
    EXPECT_EQ(::write(peer.get(), answer.data(), answer.size()), static_cast<ssize_t>(answer.size()));
    return head;
  }

  const std::string folder_ = "/tmp/ottobot-unix-" + new_id();
  CallContext ctx_ = with_timeout(10s);
};

TEST_F(UnixSocketTest, ConnectsToAListenerOfTheRightUser) {
  auto listener = listen_unix(path("s"), 0660);
  ASSERT_TRUE(listener) << listener.error().to_string();
  auto client = connect_unix(path("s"), ::getuid(), ctx_);
  ASSERT_TRUE(client) << client.error().to_string();
  UniqueFd peer = accept_one(*listener);
  ASSERT_EQ(::write(client->get(), "hi", 2), 2);
  char buffer[8];
  EXPECT_EQ(::read(peer.get(), buffer, sizeof buffer), 2);
}

TEST_F(UnixSocketTest, GivesTheSocketItsMode) {
  const mode_t before = ::umask(077);
  auto listener = listen_unix(path("s"), 0666);
  ::umask(before);
  ASSERT_TRUE(listener);
  struct stat info {};
  ASSERT_EQ(::stat(path("s").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 0666u);
}

TEST_F(UnixSocketTest, RefusesAPeerOfAnotherUser) {
  auto listener = listen_unix(path("s"), 0666);
  ASSERT_TRUE(listener);
  auto client = connect_unix(path("s"), ::getuid() + 1, ctx_);
  ASSERT_FALSE(client);
  EXPECT_EQ(client.error().code, ErrorCode::permission_denied);
}

TEST_F(UnixSocketTest, FollowsNoLinks) {
  auto listener = listen_unix(path("s"), 0666);
  ASSERT_TRUE(listener);
  std::filesystem::create_symlink(path("s"), path("link"));
  std::filesystem::create_directory_symlink(folder_, path("folder"));
  EXPECT_EQ(connect_unix(path("link"), {}, ctx_).error().code, ErrorCode::permission_denied);
  EXPECT_EQ(connect_unix(path("folder/s"), {}, ctx_).error().code, ErrorCode::permission_denied);
}

TEST_F(UnixSocketTest, RefusesWhatIsNoSocket) {
  std::ofstream(path("file")) << "x";
  EXPECT_EQ(connect_unix(path("file"), {}, ctx_).error().code, ErrorCode::permission_denied);
  EXPECT_EQ(connect_unix(folder_, {}, ctx_).error().code, ErrorCode::permission_denied);
}

TEST_F(UnixSocketTest, NobodyThereIsUnavailable) {
  EXPECT_EQ(connect_unix(path("missing"), {}, ctx_).error().code, ErrorCode::unavailable);
  listen_unix(path("dead"), 0600)->reset();
  EXPECT_EQ(connect_unix(path("dead"), {}, ctx_).error().code, ErrorCode::unavailable);
}

TEST_F(UnixSocketTest, RefusesPathsThatNoSocketCanHave) {
  EXPECT_EQ(connect_unix("/tmp/" + std::string(120, 'x'), {}, ctx_).error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(listen_unix("/tmp/" + std::string(120, 'x'), 0600).error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(listen_unix(path("no/folder"), 0600).error().code, ErrorCode::invalid_argument);
}

TEST_F(UnixSocketTest, AFullBacklogEndsWithTheDeadlineOrTheStopToken) {
  UniqueFd listener(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  {
    auto real = listen_unix(path("full"), 0600);
    ASSERT_TRUE(real);
    listener = std::move(*real);
  }
  ASSERT_EQ(::listen(listener.get(), 0), 0);
  std::vector<UniqueFd> queued;
  Result<UniqueFd> last = connect_unix(path("full"), {}, ctx_.within(30ms));
  while (last) {
    queued.push_back(std::move(*last));
    last = connect_unix(path("full"), {}, ctx_.within(30ms));
  }
  EXPECT_EQ(last.error().code, ErrorCode::deadline_exceeded);
  std::stop_source stop;
  std::thread stopper([&] { stop.request_stop(); });
  auto stopped = connect_unix(path("full"), {}, ctx_.with_stop(stop.get_token()));
  stopper.join();
  EXPECT_EQ(stopped.error().code, ErrorCode::cancelled);
}

TEST_F(UnixSocketTest, ListeningReplacesADeadSocketButNotALiveOne) {
  auto first = listen_unix(path("s"), 0600);
  ASSERT_TRUE(first);
  auto second = listen_unix(path("s"), 0600);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::conflict);
  first->reset();
  EXPECT_TRUE(listen_unix(path("s"), 0600));
}

TEST_F(UnixSocketTest, ConnectsToAddressesButLooksUpNoNames) {
  UniqueFd listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ASSERT_EQ(::bind(listener.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  socklen_t size = sizeof address;
  ASSERT_EQ(::getsockname(listener.get(), reinterpret_cast<sockaddr*>(&address), &size), 0);
  const int port = ntohs(address.sin_port);
  EXPECT_EQ(connect_tcp("127.0.0.1", port, ctx_).error().code, ErrorCode::unavailable);
  ASSERT_EQ(::listen(listener.get(), 8), 0);
  EXPECT_TRUE(connect_tcp("127.0.0.1", port, ctx_));
  EXPECT_TRUE(connect_tcp("localhost", port, ctx_));
  EXPECT_TRUE(connect_endpoint({"http://127.0.0.1:" + std::to_string(port), "", {}}, ctx_));
  EXPECT_EQ(connect_tcp("example.invalid", port, ctx_).error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(connect_endpoint({"ftp://127.0.0.1", "", {}}, ctx_).error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(connect_endpoint({"http://127.0.0.1:x", "", {}}, ctx_).error().code, ErrorCode::invalid_argument);
}

TEST_F(UnixSocketTest, UpgradesToARawStreamAndKeepsEarlyBytes) {
  auto listener = listen_unix(path("s"), 0600);
  ASSERT_TRUE(listener);
  std::string request;
  std::thread server(
      [&] { request = serve(*listener, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: rfb\r\n\r\nRFB 003.008\n"); });
  auto stream = open_raw_stream({"unix:" + path("s"), "secret", {}}, "/rfb", "rfb", ctx_);
  server.join();
  ASSERT_TRUE(stream) << stream.error().to_string();
  EXPECT_EQ(stream->early_bytes, "RFB 003.008\n");
  EXPECT_THAT(request, HasSubstr("GET /rfb HTTP/1.1\r\n"));
  EXPECT_THAT(request, HasSubstr("Upgrade: rfb\r\n"));
  EXPECT_THAT(request, HasSubstr("Authorization: Bearer secret\r\n"));
}

TEST_F(UnixSocketTest, ARefusedUpgradeIsTheErrorThatItsStatusMeans) {
  auto listener = listen_unix(path("s"), 0600);
  ASSERT_TRUE(listener);
  const std::pair<int, ErrorCode> cases[] = {{401, ErrorCode::unauthenticated},
                                             {404, ErrorCode::not_found},
                                             {503, ErrorCode::unavailable},
                                             {200, ErrorCode::internal}};
  for (const auto& [status, code] : cases) {
    const std::string body = R"({"message":"because"})";
    std::thread server([&, code = status] {
      serve(*listener, "HTTP/1.1 " + std::to_string(code) + " X\r\nContent-Length: " + std::to_string(body.size()) +
                           "\r\n\r\n" + body);
    });
    auto stream = open_raw_stream({"unix:" + path("s"), "", {}}, "/tcp/80", "tcp", ctx_);
    server.join();
    ASSERT_FALSE(stream);
    EXPECT_EQ(stream.error().code, code);
    EXPECT_THAT(stream.error().message, HasSubstr("because"));
  }
}

TEST_F(UnixSocketTest, AnUpgradeThatNobodyAnswersEndsWithTheDeadline) {
  auto listener = listen_unix(path("s"), 0600);
  ASSERT_TRUE(listener);
  auto stream = open_raw_stream({"unix:" + path("s"), "", {}}, "/rfb", "rfb", ctx_.within(50ms));
  ASSERT_FALSE(stream);
  EXPECT_EQ(stream.error().code, ErrorCode::deadline_exceeded);
}

TEST_F(UnixSocketTest, NothingGetsIntoTheHeadOfAnUpgrade) {
  EXPECT_EQ(open_raw_stream({"unix:" + path("s"), "", {}}, "/a b", "rfb", ctx_).error().code,
            ErrorCode::invalid_argument);
  EXPECT_EQ(open_raw_stream({"unix:" + path("s"), "a\r\nX: y", {}}, "/a", "rfb", ctx_).error().code,
            ErrorCode::invalid_argument);
}

}  // namespace
}  // namespace ottobot::net
