#include "api/access.hpp"

#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "api/access_fixture.hpp"

namespace ottobot::api::test {
namespace {

TEST_F(AccessTest, TellsHowToAuthenticate) {
  const auto refused = get("/session");
  EXPECT_EQ(refused.status, 401);
  EXPECT_EQ(refused.headers.find("WWW-Authenticate"), "Bearer");
  EXPECT_NE(get_string(json_of(refused), "hint").find("Authorization: Bearer"), std::string::npos);
  const std::string id = create_session("alice");
  const auto expired = get("/session/" + id + "?ticket=" + ticket_for(id, DesktopRole::view, -1s));
  EXPECT_EQ(get_string(json_of(expired), "message"), "the ticket has expired");
}

TEST_F(AccessTest, SocketsAreClosedWith4401) {
  const std::string id = create_session("alice");
  EXPECT_EQ(closed("/session/" + id + "/chat"), std::pair(4401, std::string("error")));
  EXPECT_EQ(closed("/session/" + id + "/chat?ticket=x"), std::pair(4401, std::string("error")));
  EXPECT_EQ(closed("/session/" + id + "/vnc/websockify").first, 4401);
  const std::string other = ticket_for(create_session("alice"));
  EXPECT_EQ(closed("/session/" + id + "/chat?ticket=" + other).first, 4401);
  EXPECT_EQ(closed("/session/" + id + "/vnc/websockify?ticket=" + other).first, 4401);
}

TEST_F(AccessTest, AViewersChatReadsAlongAndSaysNothing) {
  const std::string id = create_session("alice");
  SocketClient chat(port(), "/session/" + id + "/chat?after=0&ticket=" + ticket_for(id, DesktopRole::view));
  EXPECT_EQ(get_string(chat.next_json(), "type"), "system_update");
  chat.send_json({{"type", "user_prompt"}, {"content", "let me in"}});
  chat.send_json({{"type", "stop"}});
  int refused = 0;
  for (Json frame = chat.next_json(); refused < 2 && !frame.is_null(); frame = chat.next_json()) {
    if (get_string(frame, "type") == "error") refused += get_string(frame, "error") == "Forbidden" ? 1 : 0;
    if (refused == 2) break;
  }
  EXPECT_EQ(refused, 2);
  const auto events = store_->read({id}, with_timeout(10s));
  ASSERT_TRUE(events);
  for (const Event& event : *events) EXPECT_NE(get_string(event.data, "content"), "let me in");
}

TEST_F(AccessTest, WhatIsOpenEndsWhenItsUserHasNoKeyAnyMore) {
  const std::string keys = std::filesystem::temp_directory_path() / ("keys-" + std::to_string(::getpid()));
  const std::string bobs = "bob:key-of-bob-12345\n";
  std::ofstream(keys) << "alice:key-of-alice-1234\n" << bobs;
  options_.access.api_keys = keys;
  restart(options_);
  const std::string id = create_session("alice"), other = create_session("bob");
  SocketClient chat(port(), "/session/" + id + "/chat?ticket=" + ticket_for(id));
  SocketClient desktop(port(), "/session/" + id + "/vnc/websockify?ticket=" + ticket_for(id, DesktopRole::view));
  SocketClient bobs_chat(port(), "/session/" + other + "/chat", "Authorization: Bearer key-of-bob-12345\r\n");
  net::test::RawClient events(port());
  events.send("GET /session/" + id + "/events HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/event-stream\r\n" +
              "Authorization: Bearer key-of-alice-1234\r\n\r\n");
  ASSERT_TRUE(chat.accepted() && desktop.accepted() && bobs_chat.accepted());
  ASSERT_NE(events.take_until("\r\n\r\n").find("200"), std::string::npos);
  std::ofstream(keys) << bobs;
  manual_.advance(2s);  // the file is looked at once a second
  EXPECT_EQ(chat.close_code(), 4401);
  EXPECT_EQ(desktop.close_code(), 4401);
  EXPECT_NE(events.take_until("\r\n0\r\n\r\n"), "") << "the last chunk";
  bobs_chat.send_json({{"type", "nonsense"}});
  Json frame = bobs_chat.next_json();
  while (!frame.is_null() && get_string(frame, "type") != "error") frame = bobs_chat.next_json();
  EXPECT_EQ(get_string(frame, "error"), "Bad Request") << "it still listens to bob";
  std::filesystem::remove(keys);
}

TEST_F(AccessTest, ListsAndNumbersAreOnesOwn) {
  create_session("alice");
  create_session("alice");
  create_session("bob");
  create_session();  // made while there were no keys
  EXPECT_EQ(json_of(get("/session", key_of("alice")))["total"], 2);
  EXPECT_EQ(json_of(get("/session", key_of("bob")))["sessions"].size(), 1u);
  EXPECT_EQ(json_of(get("/metrics", key_of("bob")))["of"], "bob");
}

TEST_F(AccessTest, IdempotencyKeysAreOnesOwn) {
  const std::string body = R"({"initial_prompt":"x"})";
  const auto create = [&](const char* user) {
    net::Headers headers = key_of(user);
    headers.add("Idempotency-Key", "k");
    return json_of(send("POST", "/session", body, headers));
  };
  const Json first = create("alice");
  manual_.advance(1h);
  EXPECT_EQ(create("alice"), first) << "with the ticket in its URL";
  EXPECT_EQ(log_.audited("session_created").size(), 1u) << "nothing was made the second time";
  EXPECT_NE(create("bob")["session_id"], first["session_id"]);
}

TEST_F(AccessTest, WithoutKeysASessionOfAnyUserIsEverybodys) {
  const std::string id = create_session("alice");
  options_.access.api_keys = "";
  restart(options_);
  EXPECT_EQ(get("/session/" + id).status, 200);
  EXPECT_EQ(get("/session/" + id, {{"Authorization", "Bearer whatever"}}).status, 200) << "nobody asks for it";
  EXPECT_EQ(json_of(get("/session"))["total"], 1);
  EXPECT_EQ(get_string(json_of(get("/session/" + id)), "vnc_url").find("ticket"), std::string::npos);
  EXPECT_EQ(send("POST", "/session/" + id + "/stop?ticket=" + ticket_for(id, DesktopRole::view)).status, 403)
      << "a ticket restricts whoever shows it";
}

class OwnPorts : public AccessTest {
 protected:
  std::unique_ptr<net::Listener> listen(net::Handler handler) {
    net::ListenOptions options;
    options.handler = std::move(handler);
    auto listener = server_->listen(std::move(options));
    EXPECT_TRUE(listener);
    return std::move(*listener);
  }
  int ask(int own_port, const std::string& method, const std::string& path, net::Headers headers = {}) {
    net::HttpRequest request;
    request.method = method;
    request.url = "http://127.0.0.1:" + std::to_string(own_port) + path;
    request.headers = std::move(headers);
    return http_->fetch(request, with_timeout(20s)).value_or(net::HttpResponse{}).status;
  }
};

TEST_F(OwnPorts, TheToolsPortTakesTheOwnersKeyAndControlTickets) {
  const std::string id = create_session("alice");
  const auto own = listen(api_->mcp_port_handler(id));
  const auto post = [&](net::Headers headers) { return ask(own->port(), "POST", "/mcp", std::move(headers)); };
  EXPECT_EQ(post({}), 401);
  EXPECT_EQ(post(key_of("alice")), 200);
  EXPECT_EQ(post(key_of("bob")), 404);
  EXPECT_EQ(post({{"Authorization", "Bearer " + ticket_for(id)}}), 200);
  EXPECT_EQ(post({{"Authorization", "Bearer " + ticket_for(id, DesktopRole::view)}}), 403);
  EXPECT_EQ(post({{"Authorization", "Bearer " + ticket_for(create_session("alice"))}}), 401);
  EXPECT_EQ(ask(own->port(), "GET", "/mcp"), 401);
  EXPECT_EQ(ask(own->port(), "GET", "/health"), 200);
}

TEST_F(OwnPorts, TheDesktopsPortAsksToo) {
  const std::string id = create_session("alice");
  const auto own = listen(api_->vnc_port_handler(id));
  EXPECT_EQ(ask(own->port(), "GET", "/"), 401);
  EXPECT_EQ(ask(own->port(), "GET", "/?ticket=" + ticket_for(id)), 302);
  EXPECT_EQ(ask(own->port(), "GET", "/vnc.html"), 200);
  EXPECT_EQ(SocketClient(own->port(), "/websockify").close_code(), 4401);
  EXPECT_EQ(SocketClient(own->port(), "/websockify?ticket=" + ticket_for(new_id())).close_code(), 4401);
  SocketClient viewer(own->port(), "/websockify?ticket=" + ticket_for(id, DesktopRole::view));
  EXPECT_TRUE(viewer.accepted());
  EXPECT_FALSE(viewer.next(100ms));
  EXPECT_EQ(viewer.close_code(10ms), 0) << "it waits for the desktop";
}

TEST_F(AccessTest, WrongKeysAreSlowedDownAndOthersAtTheAddressAreNot) {
  options_.access.auth_failures_per_minute = 5;
  restart(options_);
  EXPECT_EQ(get("/session", key_of("alice")).status, 200);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(get("/session", {{"Authorization", "Bearer guess"}}).status, 401);
  const auto slowed = get("/session", {{"Authorization", "Bearer guess"}});
  EXPECT_EQ(slowed.status, 429);
  EXPECT_EQ(slowed.headers.find("Retry-After"), "12");
  EXPECT_EQ(get("/session", key_of("alice")).status, 200) << "she was here before";
  EXPECT_EQ(get("/session", key_of("bob")).status, 429) << "this may be a guess, too";
  EXPECT_EQ(get("/session").status, 401) << "no guess";
  EXPECT_EQ(get("/session", {{"Authorization", "Bearer guess"}, {"X-Forwarded-For", "203.0.113.9"}}).status, 401);
  EXPECT_EQ(log_.audited("authentication_failed").size(), 6u);
  EXPECT_EQ(get_string(log_.audited("authentication_failed")[5], "client"), "203.0.113.9");
  EXPECT_EQ(log_.text().find("guess\""), std::string::npos);
  manual_.advance(12s);
  EXPECT_EQ(get("/session", key_of("bob")).status, 200);
}

TEST_F(AccessTest, AUsersChangesAreBoundedAndReadsAreNot) {
  options_.access.requests_per_minute = 3;
  restart(options_);
  const std::string id = create_session("alice");
  const auto stop = [&] { return send("POST", "/session/" + id + "/stop", "", key_of("alice")); };
  for (int i = 0; i < 3; ++i) EXPECT_EQ(stop().status, 202);
  EXPECT_EQ(stop().status, 429);
  EXPECT_EQ(stop().headers.find("Retry-After"), "20");
  EXPECT_EQ(get("/session/" + id, key_of("alice")).status, 200);
  EXPECT_EQ(send("POST", "/session", R"({"initial_prompt":"x"})", key_of("bob")).status, 201);
  SocketClient chat(port(), "/session/" + id + "/chat?after=99", "Authorization: Bearer key-of-alice-1234\r\n");
  chat.next_json();
  chat.next_json();
  chat.send_json({{"type", "stop"}});
  EXPECT_EQ(get_string(chat.next_json(), "type"), "error");
  manual_.advance(20s);
  EXPECT_EQ(stop().status, 202);
}

TEST_F(AccessTest, AUsersSessionsAreBounded) {
  options_.access.max_sessions_per_user = 2;
  restart(options_);
  const auto create = [&](const char* user, const std::string& key = {}) {
    net::Headers headers = key_of(user);
    if (!key.empty()) headers.add("Idempotency-Key", key);
    return send("POST", "/session", R"({"initial_prompt":"x"})", headers);
  };
  const auto first = create("alice", "k");
  create("alice");
  const auto refused = create("alice");
  EXPECT_EQ(refused.status, 429);
  EXPECT_TRUE(refused.headers.find("Retry-After"));
  EXPECT_EQ(create("alice", "k").body, first.body) << "what was answered once is answered again";
  EXPECT_EQ(create("bob").status, 201);
  finish_delete(get_string(json_of(first), "session_id"));
  EXPECT_EQ(create("alice").status, 201) << "an ended one does not count";
}

TEST_F(AccessTest, NewSessionsAreBoundedPerMinute) {
  options_.access.sessions_per_minute = 1;
  restart(options_);
  EXPECT_EQ(send("POST", "/session", R"({"initial_prompt":"x"})", key_of("alice")).status, 201);
  EXPECT_EQ(send("POST", "/session", R"({"initial_prompt":"x"})", key_of("alice")).status, 429);
  manual_.advance(60s);
  EXPECT_EQ(send("POST", "/session", R"({"initial_prompt":"x"})", key_of("alice")).status, 201);
}

TEST_F(AccessTest, AUsersOpenSocketsAreBounded) {
  options_.access.max_sockets_per_user = 2;
  restart(options_);
  const std::string id = create_session("alice");
  const std::string target = "/session/" + id + "/chat?ticket=" + ticket_for(id);
  SocketClient one(port(), target), two(port(), "/session/" + id + "/vnc/websockify?ticket=" + ticket_for(id));
  ASSERT_TRUE(one.accepted() && two.accepted());
  SocketClient three(port(), target);
  EXPECT_EQ(three.handshake().status, 429);
  EXPECT_EQ(get("/session/" + id + "/events",
                {{"Accept", "text/event-stream"}, {"Authorization", "Bearer key-of-alice-1234"}})
                .status,
            429);
  const std::string of_bob = create_session("bob");
  EXPECT_TRUE(
      SocketClient(port(), "/session/" + of_bob + "/chat?ticket=" + ticket_for(of_bob, DesktopRole::view, 1h, "bob"))
          .accepted());
  one.drop();
  bool again = false;
  for (int i = 0; i < 500 && !again; ++i) {
    again = SocketClient(port(), target).accepted();
    if (!again) std::this_thread::sleep_for(10ms);
  }
  EXPECT_TRUE(again) << "a closed one makes room";
}

TEST_F(AccessTest, WithoutKeysForeignNamesAndPagesAreRefused) {
  options_.access.api_keys = "";
  restart(options_);
  const std::string id = create_session();
  const auto rebound = get("/session", {{"Host", "evil.example"}});
  EXPECT_EQ(rebound.status, 403);
  EXPECT_NE(get_string(json_of(rebound), "hint").find("PUBLIC_URL"), std::string::npos);
  EXPECT_EQ(get("/health", {{"Host", "evil.example"}}).status, 200);
  EXPECT_EQ(closed("/session/" + id + "/chat", {{"Origin", "http://evil.example"}}).first, 403);
  EXPECT_EQ(closed("/session/" + id + "/vnc/websockify", {{"Origin", "null"}}).first, 403);
  EXPECT_TRUE(SocketClient(port(), "/session/" + id + "/chat", "Origin: http://127.0.0.1\r\n").accepted())
      << "its own page";
  EXPECT_TRUE(SocketClient(port(), "/session/" + id + "/chat", "Origin: http://friend.example\r\n").accepted());
  EXPECT_EQ(send("POST", "/session/" + id + "/stop", "", {{"Origin", "http://evil.example"}}).status, 403);
}

TEST_F(AccessTest, WithKeysAnExplicitCredentialIsEnough) {
  const std::string id = create_session("alice");
  net::Headers headers = key_of("alice");
  headers.add("Origin", "http://elsewhere.example");
  EXPECT_EQ(send("POST", "/session/" + id + "/stop", "", headers).status, 202);
  EXPECT_TRUE(
      SocketClient(port(), "/session/" + id + "/chat?ticket=" + ticket_for(id), "Origin: http://elsewhere.example\r\n")
          .accepted());
}

TEST_F(AccessTest, LinksAreAsATrustedProxyIsReached) {
  const std::string id = create_session("alice");
  net::Headers headers = key_of("alice");
  headers.add("X-Forwarded-Proto", "https");
  headers.add("X-Forwarded-Host", "otto.example");
  const Json session = json_of(get("/session/" + id, headers));
  EXPECT_EQ(session["chat_url"], "wss://otto.example/session/" + id + "/chat");
  EXPECT_EQ(get_string(session, "vnc_url").find("https://otto.example/session/" + id + "/vnc/vnc.html?"), 0u);
}

TEST_F(AccessTest, WhatIsDoneIsInTheAuditLog) {
  const Json made = json_of(send("POST", "/session", R"({"initial_prompt":"x"})", key_of("alice")));
  const std::string id = get_string(made, "session_id");
  send("DELETE", "/session/" + id, "", key_of("alice"));
  ASSERT_EQ(log_.audited("session_created").size(), 1u);
  const Json deleted = log_.audited("session_deleted").at(0);
  EXPECT_EQ(deleted["user"], "alice");
  EXPECT_EQ(deleted["session"], id);
  EXPECT_EQ(deleted["client"], "127.0.0.1");
  EXPECT_EQ(log_.text().find("key-of-alice"), std::string::npos);
}

}  // namespace
}  // namespace ottobot::api::test
