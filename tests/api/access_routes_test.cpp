// Every route that there is, with every kind of credential.
#include "api/access_fixture.hpp"

namespace ottobot::api::test {
namespace {

// What a route asks for, told from its name: a new one is taken for one of a session.
Needs needs_of(const RouteName& route) {
  const std::string& path = route.pattern;
  if (path == "/health" || path == "/openapi.json" || path == "/docs" || path == "/swagger") return Needs::nothing;
  if (path == "/" || path == "/assets/*path" || path == "/session/:id/vnc/*path") return Needs::nothing;
  if (path.find("/:id") == std::string::npos || path == "/session/:id/ticket") return Needs::key;
  if (path.find("/preview/") != std::string::npos) return Needs::control;
  return route.method == "GET" ? Needs::any_ticket : Needs::control;
}

std::string path_of(const RouteName& route, const std::string& session_id) {
  std::string path = route.pattern;
  if (const auto id = path.find(":id"); id != std::string::npos) path.replace(id, 3, session_id);
  if (const auto port = path.find(":port"); port != std::string::npos) path.replace(port, 5, "80");
  const bool is_page = path.find("/vnc/*") != std::string::npos;
  if (const auto rest = path.find('*'); rest != std::string::npos)
    path.replace(rest, path.npos, is_page ? "vnc.html" : "a");
  return path;
}

std::string body_of(const RouteName& route) {
  if (route.method != "POST") return route.method == "PUT" ? "text" : "";
  return R"({"initial_prompt":"x","content":"x"})";
}

class EveryRoute : public AccessTest {
 protected:
  int ask(const RouteName& route, const std::string& session_id, net::Headers headers, const std::string& ticket = {}) {
    const std::string query = ticket.empty() ? "" : "?ticket=" + ticket;
    return send(route.method, path_of(route, session_id) + query, body_of(route), std::move(headers)).status;
  }
  static bool is_let_in(int status) { return status != 401 && status != 403 && status != 404 && status < 500; }
};

TEST_F(EveryRoute, RefusesMissingWrongAlteredAndExpiredCredentials) {
  const std::string id = create_session("alice");
  const std::string good = ticket_for(id);
  const std::string altered = (good[0] == 'A' ? "B" : "A") + good.substr(1);
  const std::string expired = ticket_for(id, DesktopRole::control, 0s);
  const std::string forged = sign_ticket({"alice", id, DesktopRole::control, manual_.now_ms() + 1000}, "guess");
  const std::string unknown = ticket_for(id, DesktopRole::control, 1h, "carol");
  for (const RouteName& route : api_->routes()) {
    SCOPED_TRACE(route.method + " " + route.pattern);
    const bool open = needs_of(route) == Needs::nothing;
    const auto expect = [&](int status) { EXPECT_TRUE(open ? is_let_in(status) : status == 401) << status; };
    expect(ask(route, id, {}));
    expect(ask(route, id, {{"Authorization", "Bearer key-of-alice-1235"}}));
    expect(ask(route, id, {{"Authorization", "Bearer "}}));
    expect(ask(route, id, {{"Authorization", "Basic YWxpY2U6a2V5"}}));
    for (const std::string& ticket : {altered, expired, forged, unknown, std::string("x")}) {
      expect(ask(route, id, {}, ticket));
      expect(ask(route, id, {{"Authorization", "Bearer " + ticket}}));
    }
    expect(ask(route, id, {}, "key-of-alice-1234"));
  }
}

TEST_F(EveryRoute, HidesAnothersSession) {
  const std::string id = create_session("alice");
  for (const RouteName& route : api_->routes()) {
    SCOPED_TRACE(route.method + " " + route.pattern);
    const bool is_socket = route.pattern.ends_with("/chat") || route.pattern.ends_with("/websockify");
    const bool of_session = needs_of(route) != Needs::nothing && route.pattern.find(":id") != std::string::npos;
    if (!of_session || is_socket) continue;
    EXPECT_EQ(ask(route, id, key_of("bob")), 404);
  }
  EXPECT_EQ(closed("/session/" + id + "/chat", key_of("bob")), std::pair(4404, std::string("error")));
  EXPECT_EQ(closed("/session/" + id + "/vnc/websockify", key_of("bob")).first, 4404);
  EXPECT_EQ(closed("/session/" + new_id() + "/chat", key_of("bob")).first, 4404) << "the same as one that is not there";
}

TEST_F(EveryRoute, LetsTicketsDoWhatTheyAreFor) {
  const std::string other = create_session("alice");
  for (const RouteName& route : api_->routes()) {
    SCOPED_TRACE(route.method + " " + route.pattern);
    const std::string id = create_session("alice");
    const std::string control = ticket_for(id), view = ticket_for(id, DesktopRole::view);
    const Needs needs = needs_of(route);
    if (needs == Needs::nothing) continue;
    const bool own_key_only = needs == Needs::key;
    EXPECT_EQ(ask(route, other, {}, control), own_key_only ? 403 : 401);
    const int viewing = ask(route, id, {}, view);
    EXPECT_TRUE(needs == Needs::any_ticket ? is_let_in(viewing) : viewing == 403) << viewing;
    const int controlling = ask(route, id, {}, control);
    EXPECT_TRUE(own_key_only ? controlling == 403 : is_let_in(controlling)) << controlling;
  }
}

TEST_F(EveryRoute, LetsTheOwnersKeyDoEverything) {
  for (const RouteName& route : api_->routes()) {
    SCOPED_TRACE(route.method + " " + route.pattern);
    const int status = ask(route, create_session("alice"), key_of("alice"));
    EXPECT_TRUE(is_let_in(status)) << status;
  }
}

}  // namespace
}  // namespace ottobot::api::test
