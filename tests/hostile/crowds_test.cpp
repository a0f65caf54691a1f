// Many at once, and all of them slow: each has its bound, and everybody else is served.
#include <sys/resource.h>
#include <sys/socket.h>

#include "api/socket_client.hpp"
#include "hostile/hostile_fixture.hpp"
#include "net/raw_client.hpp"

namespace ottobot::hostile {
namespace {

using namespace std::chrono_literals;
using api::test::SocketClient;
using net::test::RawClient;

const std::string kHost = "Host: 127.0.0.1\r\n";

class Crowds : public HostileTest {
 protected:
  static void SetUpTestSuite() {
    rlimit files{};
    ::getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &files);
    HostileTest::SetUpTestSuite();
  }

  static std::vector<RawClient> crowd(int size, const std::string& bytes) {
    std::vector<RawClient> all;
    for (int n = 0; n < size; ++n) {
      all.emplace_back(port());
      all.back().send(bytes);
    }
    return all;
  }
};

TEST_F(Crowds, SlowSendersAreToldAndLetGo) {
  static constexpr auto kPatience = 40s;  // the server's is 30
  expect_service();
  expect_nothing_left_by([] {
    auto heads = crowd(200, "GET /health HTTP/1.1\r\n");
    auto bodies = crowd(100, "POST /session HTTP/1.1\r\n" + kHost + "Content-Length: 100\r\n\r\n{");
    expect_service();
    int told = 0, refused = 0;
    for (RawClient& body : bodies) {
      ASSERT_TRUE(body.fill(12, kPatience));
      const int status = body.response().status;
      told += status == 408 ? 1 : 0;
      refused += status == 429 || status == 503 ? 1 : 0;
    }
    EXPECT_GT(told, 0);
    EXPECT_EQ(told + refused, 100);
    for (RawClient& head : heads) {
      ASSERT_TRUE(head.fill(12, kPatience));
      EXPECT_EQ(head.response().status, 408);
    }
  });
}

TEST_F(Crowds, ReadersThatTakeNothingCostNoMoreThanTheirBuffers) {
  static constexpr std::int64_t kEachMayCostKib = 2 << 10;
  expect_nothing_left_by([] {
    const auto before = vital_signs(server().pid());
    std::vector<RawClient> readers;
    int refused = 0;
    for (int n = 0; n < 24; ++n) {
      RawClient reader(port());
      const int small = 4096;
      ::setsockopt(reader.fd(), SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
      reader.send("GET /download/" + session() + "/large.bin HTTP/1.1\r\n" + kHost + "\r\n");
      const auto head = reader.response(true);
      refused += head.status == 429 && !head.field("Retry-After").empty() ? 1 : 0;
      if (head.status == 200) readers.push_back(std::move(reader));
    }
    EXPECT_EQ(refused, 8);
    const auto grown = vital_signs(server().pid()).resident_kib - before.resident_kib;
    EXPECT_LT(grown, static_cast<std::int64_t>(readers.size()) * kEachMayCostKib);
    expect_service();
  });
}

TEST_F(Crowds, ChatsAndStreamsOfOneSessionHaveABound) {
  expect_nothing_left_by([] {
    std::vector<std::unique_ptr<SocketClient>> chats;
    int refused = 0;
    for (int n = 0; n < 1010; ++n) {
      auto chat = std::make_unique<SocketClient>(port(), "/session/" + session() + "/chat?after=0");
      refused += chat->handshake().status == 429 && !chat->handshake().field("Retry-After").empty() ? 1 : 0;
      if (chat->accepted()) chats.push_back(std::move(chat));
    }
    EXPECT_EQ(chats.size(), 1000U);
    EXPECT_EQ(refused, 10);
    expect_service();
    EXPECT_EQ(chats.back()->next_json()["content"], "Connected to session");
  });
}

TEST_F(Crowds, ThousandsOfSilentConnectionsAndResetsAreBorne) {
  expect_nothing_left_by([] {
    const auto silent = crowd(3000, "");
    expect_service();
    for (int n = 0; n < 2000; ++n) {
      RawClient reset(port());
      reset.send("GET /session HTTP/1.1\r\n" + kHost + "\r\n");
      const linger at_once{1, 0};
      ::setsockopt(reset.fd(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    }
    expect_service();
  });
}

TEST_F(Crowds, ARequestAfterTheOtherWithoutReadingTheAnswersIsHeldBack) {
  expect_nothing_left_by([] {
    const auto before = vital_signs(server().pid());
    std::vector<RawClient> senders;
    const std::string requests = [] {
      std::string all;
      for (int n = 0; n < 500; ++n) all += "GET /openapi.json HTTP/1.1\r\n" + kHost + "\r\n";
      return all;
    }();
    for (int n = 0; n < 50; ++n) {
      senders.emplace_back(port());
      ::send(senders.back().fd(), requests.data(), requests.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    }
    expect_service();
    // All that was asked for are 1.5 GB. A build with the address sanitizer needs twice of what others do.
    EXPECT_LT(vital_signs(server().pid()).resident_kib, before.resident_kib + (160 << 10));
  });
}

}  // namespace
}  // namespace ottobot::hostile
