// The API with two users, alice and bob, who have a key each.
#pragma once

#include <sys/socket.h>
#include <unistd.h>

#include "api/access.hpp"
#include "api/api_fixture.hpp"
#include "api/recording_logger.hpp"
#include "api/socket_client.hpp"
#include "ottobot/ids.hpp"
#include "ottobot/testing/manual_clock.hpp"

namespace ottobot::api::test {

using namespace std::chrono_literals;

class AccessTest : public ApiTest {
 protected:
  AccessTest() {
    clock_ = &manual_;
    logger_ = &log_;
    sandbox_up_ = true;
    for (auto* handler : {&sandbox_.archive, &sandbox_.files, &sandbox_.mcp}) {
      *handler = [](net::Exchange& exchange) { exchange.respond({200, {}, "{}"}); };
    }
    sandbox_.tcp = [](net::Exchange& exchange) {
      int ends[2];
      ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
      constexpr std::string_view kAnswer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}";
      ASSERT_EQ(::send(ends[0], kAnswer.data(), kAnswer.size(), MSG_NOSIGNAL), static_cast<ssize_t>(kAnswer.size()));
      ::close(ends[0]);
      exchange.upgrade_and_bridge("tcp", {}, {net::UniqueFd(ends[1]), {}});
    };
    metrics_ = [](const std::string& user, const CallContext&) -> Result<Json> { return Json{{"of", user}}; };
    options_.access.api_keys = "alice:key-of-alice-1234,bob:key-of-bob-12345";
    options_.page = {{"assets/a", "a part of the page", {}, "hash"}};
    options_.access.ticket_secret = "the secret of these tests";
    options_.access.auth_failures_per_minute = 0;
    restart(options_);
  }

  // The API borrows members of this class.
  ~AccessTest() override {
    listener_.reset();
    api_.reset();
  }

  static net::Headers key_of(const std::string& user) {
    return {{"Authorization", user == "alice" ? "Bearer key-of-alice-1234" : "Bearer key-of-bob-12345"}};
  }
  std::string ticket_for(const std::string& session_id, DesktopRole role = DesktopRole::control,
                         std::chrono::seconds life = 1h, const std::string& user = "alice") const {
    return sign_ticket({user, session_id, role, manual_.now_ms() + life.count() * 1000}, options_.access.ticket_secret);
  }
  // What a socket is closed with; its error frame, if it got one.
  std::pair<int, std::string> closed(const std::string& target, const net::Headers& headers = {}) {
    std::string fields;
    for (const auto& [name, value] : headers) fields += name + ": " + value + "\r\n";
    SocketClient client(port(), target, fields);
    if (!client.accepted()) return {client.handshake().status, ""};
    const Json frame = client.next_json();
    return {client.close_code(), get_string(frame, "type")};
  }

  testing::ManualClock manual_;
  RecordingLogger log_;
  ApiOptions options_{"1.2.3", "127.0.0.1", 0, "", {"http://friend.example"}};
};

}  // namespace ottobot::api::test
