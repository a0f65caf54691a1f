// Two users on one server, over everything that a server has.
#include <gtest/gtest.h>

#include "api/socket_client.hpp"
#include "integration/scenario.hpp"
#include "integration/server_process.hpp"
#include "integration/session_client.hpp"

namespace ottobot::integration {
namespace {

using api::test::SocketClient;

constexpr const char* kOfAlice = "key-of-alice-for-tests";
constexpr const char* kOfBob = "key-of-bob-for-tests-too";

class AccessJourney : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto started = server_.start();
    ASSERT_TRUE(started) << started.error().to_string();
    alice_.emplace(server_.url(), kOfAlice);
    bob_.emplace(server_.url(), kOfBob);
    nobody_.emplace(server_.url());
    id_ = alice_->create("Write a file");
    ASSERT_FALSE(alice_->wait_for_turn(id_).is_null()) << server_.log();
  }

  std::string ticket(const char* role) const {
    const auto made = alice_->send("POST", "/session/" + id_ + "/ticket", {{"role", role}});
    EXPECT_EQ(made.status, 201) << made.body;
    return get_string(parse_json(made.body).value_or(Json()), "ticket");
  }
  SocketClient connect(const std::string& target, const std::string& key = {}) const {
    return SocketClient(server_.port(), target, key.empty() ? "" : "Authorization: Bearer " + key + "\r\n");
  }
  static int port_in(const std::string& url) {
    return std::atoi(url.substr(url.find(':', url.find("://") + 3) + 1).c_str());
  }

  ServerProcess server_{scenario({turn(1, {step("Writing.", {run_command("echo one > one.txt")}), step("Done.")}),
                                  turn(2, {step("Again.")})}),
                        {{"OTTOBOT_API_KEYS", std::string("alice:") + kOfAlice + ",bob:" + kOfBob}}};
  std::optional<SessionClient> alice_, bob_, nobody_;
  std::string id_;
};

TEST_F(AccessJourney, ASessionIsItsOwnersOverRestAndDownloads) {
  for (const std::string& path : {"/session/" + id_, "/session/" + id_ + "/events", "/session/" + id_ + "/logs",
                                  "/session/" + id_ + "/files", "/download/" + id_, "/download/" + id_ + "/one.txt"}) {
    EXPECT_EQ(alice_->send("GET", path).status, 200) << path;
    EXPECT_EQ(bob_->send("GET", path).status, 404) << path;
    EXPECT_EQ(nobody_->send("GET", path).status, 401) << path;
    EXPECT_EQ(nobody_->send("GET", path + "?ticket=" + ticket("view")).status, 200) << path;
  }
  EXPECT_EQ(bob_->send("DELETE", "/session/" + id_).status, 404);
  EXPECT_EQ(nobody_->send("DELETE", "/session/" + id_ + "?ticket=" + ticket("view")).status, 403);
  EXPECT_EQ(bob_->get("/session")["total"], 0);
  EXPECT_EQ(alice_->get("/metrics")["sessions"].size(), 1u);
  EXPECT_EQ(bob_->get("/metrics")["sessions"].size(), 0u);
}

TEST_F(AccessJourney, ChatAndEventStream) {
  const std::string target = "/session/" + id_ + "/chat";
  EXPECT_EQ(connect(target).close_code(), 4401);
  EXPECT_EQ(connect(target, kOfBob).close_code(), 4404);
  EXPECT_EQ(get_string(connect(target, kOfAlice).next_json(), "content"), "Connected to session");
  SocketClient chat = connect(target + "?after=999&ticket=" + ticket("control"));
  chat.send_json({{"type", "user_prompt"}, {"content", "Again"}});
  bool done = false;
  for (Json frame = chat.next_json(); !done && !frame.is_null(); frame = chat.next_json()) {
    done = get_string(frame, "content") == "Again.";
    if (done) break;
  }
  EXPECT_TRUE(done) << "a prompt of a ticket runs";
  net::test::RawClient events(server_.port());
  events.send("GET /session/" + id_ + "/events?ticket=" + ticket("view") +
              " HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n");
  ASSERT_TRUE(events.fill(15, std::chrono::seconds(10)));
  EXPECT_EQ(events.take(15), "HTTP/1.1 200 OK");
}

TEST_F(AccessJourney, DesktopAndTools) {
  const Json session = alice_->get("/session/" + id_);
  const std::string url = get_string(session, "vnc_url");
  const std::string ticket_of_url = url.substr(url.rfind("&ticket=") + 8);
  EXPECT_EQ(nobody_->fetch(url).status, 200);
  const int own = port_in(url);
  EXPECT_EQ(SocketClient(own, "/websockify").close_code(), 4401);
  EXPECT_EQ(SocketClient(own, "/websockify", std::string("Authorization: Bearer ") + kOfBob + "\r\n").close_code(),
            4404);
  SocketClient desktop(own, "/websockify?ticket=" + ticket_of_url);
  EXPECT_EQ(desktop.next(std::chrono::seconds(20)).value_or("").substr(0, 4), "RFB ");
  SocketClient gateway = connect("/session/" + id_ + "/vnc/websockify?ticket=" + ticket("view"));
  EXPECT_EQ(gateway.next(std::chrono::seconds(20)).value_or("").substr(0, 4), "RFB ");

  const std::string tools = "http://127.0.0.1:" + std::to_string(get_int(session, "mcp_port"));
  const auto ask = [&](const std::string& bearer) {
    return SessionClient(tools, bearer)
        .send("POST", "/mcp", {{"jsonrpc", "2.0"}, {"id", 1}, {"method", "ping"}})
        .status;
  };
  EXPECT_EQ(ask(""), 401);
  EXPECT_EQ(ask(kOfBob), 404);
  EXPECT_EQ(ask(ticket("view")), 403);
  for (const std::string& bearer : {std::string(kOfAlice), ticket("control")}) {
    const int status = ask(bearer);
    EXPECT_TRUE(status == 200 || status == 400) << status << ": the sandbox's own answer";
  }
  EXPECT_EQ(nobody_->fetch(tools + "/health").status, 200);
}

TEST_F(AccessJourney, TicketsOutliveARestartAndNothingSecretIsLogged) {
  const std::string ticket_before = ticket("view");
  ASSERT_TRUE(server_.terminate(std::chrono::seconds(15)));
  ASSERT_TRUE(server_.start());
  const SessionClient after(server_.url());
  EXPECT_EQ(after.send("GET", "/session/" + id_ + "?ticket=" + ticket_before).status, 200);
  EXPECT_EQ(after.send("GET", "/session/" + id_ + "?ticket=" + ticket_before + "x").status, 401);
  const std::string log = server_.log();
  for (const std::string& secret : {std::string(kOfAlice), std::string(kOfBob), ticket_before}) {
    EXPECT_EQ(log.find(secret), std::string::npos);
  }
  EXPECT_NE(log.find("\"action\":\"session_created\""), std::string::npos);
  EXPECT_NE(log.find("\"action\":\"authentication_failed\""), std::string::npos);
}

}  // namespace
}  // namespace ottobot::integration
