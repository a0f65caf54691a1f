// One TLS connection without a server: what it waits for, and its end.

#include <fcntl.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "net/tls_support.hpp"

namespace ottobot::net {
namespace {

using namespace std::chrono_literals;
using Status = IoCount::Status;

// Both ends after the handshake.
class Joined {
 public:
  Joined() {
    int ends[2];
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends), 0);
    server_end_.reset(ends[0]);
    client_end_.reset(ends[1]);
    server = test::shared_tls_context()->accept(server_end_.get());
    client = std::make_unique<test::TlsChannel>(client_end_.get());
    std::atomic<bool> done{false};
    std::thread shaking([&] {
      EXPECT_TRUE(client->shake_hands()) << client->reason();
      done = true;
    });
    char byte = 0;
    while (!done) {
      pollfd waiting{server_end_.get(), POLLIN, 0};
      if (::poll(&waiting, 1, 10) == 1) (void)server->read_some({&byte, 1});
    }
    shaking.join();
    (void)server->read_some({&byte, 1});  // the client's last part of the handshake
  }
  ~Joined() { server->close(); }

  Status write(std::size_t size) {
    const std::string bytes(size, 'x');
    const iovec piece{const_cast<char*>(bytes.data()), bytes.size()};
    return server->write_some({&piece, 1}).status;
  }
  // Until the socket takes no more; how many it took.
  int fill(std::size_t size) {
    int count = 0;
    while (write(size) == Status::ok) ++count;
    return count;
  }
  std::size_t receive_all(std::size_t size) {
    std::string buffer(16 << 10, '\0');
    std::size_t taken = 0;
    while (taken < size) {
      const ssize_t got = client->receive(buffer.data(), buffer.size(), 10s);
      if (got <= 0) break;
      taken += static_cast<std::size_t>(got);
    }
    return taken;
  }

  std::shared_ptr<TlsSession> server;
  std::unique_ptr<test::TlsChannel> client;

 private:
  UniqueFd server_end_, client_end_;
};

TEST(TlsSession, ARecordThatWasReadAlreadyIsNotWaitedForAtTheSocket) {
  Joined both;
  for (const char* record : {"one", "two", "three"}) ASSERT_TRUE(both.client->send(record));
  char buffer[100];
  EXPECT_EQ(both.server->read_some(buffer).bytes, 3u);
  EXPECT_EQ(both.server->before_read(), IoWait::nothing);
  EXPECT_EQ(both.server->read_some({buffer, 2}).bytes, 2u);
  EXPECT_EQ(both.server->before_read(), IoWait::nothing) << "a part of a record";
  EXPECT_EQ(both.server->read_some(buffer).bytes, 1u);
  EXPECT_EQ(both.server->read_some(buffer).bytes, 5u);
  EXPECT_EQ(both.server->read_some(buffer).status, Status::blocked);
  EXPECT_EQ(both.server->before_read(), IoWait::readable);
}

TEST(TlsSession, AHandshakeThatIsWrittenIntoWaitsForTheClient) {
  int ends[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends), 0);
  const UniqueFd ours(ends[0]), theirs(ends[1]);
  const auto server = test::shared_tls_context()->accept(ours.get());
  const iovec piece{const_cast<char*>("early"), 5};
  EXPECT_EQ(server->write_some({&piece, 1}).status, Status::blocked);
  EXPECT_EQ(server->before_write(), IoWait::readable);
  server->close();
}

TEST(TlsSession, WhatABlockedWriteBeganGoesOnWithTheSameBytes) {
  Joined both;
  const std::size_t taken = static_cast<std::size_t>(both.fill(4096)) * 4096;
  EXPECT_EQ(both.server->before_write(), IoWait::writable);
  EXPECT_EQ(both.receive_all(taken), taken);
  EXPECT_EQ(both.write(5000), Status::ok) << "the same bytes, and more behind them";
  EXPECT_EQ(both.receive_all(5000), 5000u);
}

TEST(TlsSession, CloseNotifyFollowsWhenAFullSocketHasRoomAgain) {
  const int room = Joined().fill(4096);
  Joined both;
  for (int i = 0; i < room; ++i) ASSERT_EQ(both.write(4096), Status::ok);
  EXPECT_FALSE(both.server->shutdown_send());
  const std::size_t total = static_cast<std::size_t>(room) * 4096;
  EXPECT_EQ(both.receive_all(total), total);
  EXPECT_TRUE(both.server->shutdown_send());
  char byte = 0;
  EXPECT_EQ(both.client->receive(&byte, 1, 10s), 0);
  EXPECT_TRUE(both.client->got_close_notify());
}

TEST(TlsSession, ReadingGoesOnAfterItsOwnEnd) {
  Joined both;
  EXPECT_TRUE(both.server->shutdown_send());
  ASSERT_TRUE(both.client->send("last"));
  both.client->end_sending();
  char buffer[100];
  EXPECT_EQ(both.server->read_some(buffer).bytes, 4u);
  EXPECT_EQ(both.server->read_some(buffer).status, Status::end);
}

TEST(TlsSession, SmallPiecesShareARecord) {
  Joined both;
  std::string big(9000, 'b');
  const iovec pieces[] = {{const_cast<char*>("head"), 4}, {big.data(), big.size()}, {big.data(), big.size()}};
  EXPECT_EQ(both.server->write_some(pieces).bytes, std::size_t{16 << 10});
  std::string buffer(32 << 10, '\0');
  EXPECT_EQ(both.client->receive(buffer.data(), buffer.size(), 10s), 16 << 10) << "of one record";
}

}  // namespace
}  // namespace ottobot::net
