#include "api/ticket_route.hpp"

#include "api/access_fixture.hpp"

namespace ottobot::api::test {
namespace {

TEST_F(AccessTest, TicketsAreMadeAndUsed) {
  const std::string id = create_session("alice");
  const std::string path = "/session/" + id + "/ticket";
  const auto made = send("POST", path, "", key_of("alice"));
  EXPECT_EQ(made.status, 201);
  const std::string ticket = get_string(json_of(made), "ticket");
  EXPECT_EQ(get_string(json_of(made), "expires_at"), to_rfc3339(manual_.now_ms() + 3'600'000));
  EXPECT_EQ(get("/session/" + id + "?ticket=" + ticket).status, 200);
  EXPECT_EQ(get("/session/" + id, {{"Authorization", "Bearer " + ticket}}).status, 200);
  EXPECT_EQ(send("POST", "/session/" + id + "/stop?ticket=" + ticket).status, 202);
  EXPECT_EQ(send("POST", path + "?ticket=" + ticket).status, 403) << "no ticket makes another";
  manual_.advance(1h);
  EXPECT_EQ(get("/session/" + id + "?ticket=" + ticket).status, 401);
  EXPECT_EQ(log_.audited("ticket_made").size(), 1u);
  EXPECT_EQ(log_.text().find(ticket), std::string::npos);
}

TEST_F(AccessTest, TicketsHaveARoleAndALife) {
  const std::string id = create_session("alice");
  const std::string path = "/session/" + id + "/ticket";
  const auto made = send("POST", path, R"({"role":"view","expires_in":10})", key_of("alice"));
  const std::string ticket = get_string(json_of(made), "ticket");
  EXPECT_EQ(send("POST", "/session/" + id + "/stop?ticket=" + ticket).status, 403);
  manual_.advance(10s);
  EXPECT_EQ(get("/session/" + id + "?ticket=" + ticket).status, 401);
  for (const char* wrong :
       {R"({"role":"root"})", R"({"expires_in":9})", R"({"expires_in":86401})", R"({"role":1})", "[]"}) {
    EXPECT_EQ(send("POST", path, wrong, key_of("alice")).status, 400) << wrong;
  }
}

TEST_F(AccessTest, ATicketEndsWithItsSession) {
  const std::string id = create_session("alice");
  const std::string ticket = ticket_for(id);
  ASSERT_EQ(send("DELETE", "/session/" + id, "", key_of("alice")).status, 202);
  finish_delete(id);
  EXPECT_EQ(get("/session/" + id + "/logs?ticket=" + ticket).status, 401);
  EXPECT_EQ(get("/session/" + id + "/logs", key_of("alice")).status, 200);
  EXPECT_EQ(send("POST", "/session/" + id + "/ticket", "", key_of("alice")).status, 409);
  EXPECT_EQ(closed("/session/" + id + "/chat?ticket=" + ticket).first, 4410);
}

std::string ticket_in(const std::string& url) { return url.substr(url.rfind("&ticket=") + 8); }

TEST_F(AccessTest, TheDesktopsUrlCarriesATicketForThePageAndItsSocket) {
  const std::string id = create_session("alice");
  const std::string url = get_string(json_of(get("/session/" + id, key_of("alice"))), "vnc_url");
  const std::string ticket = ticket_in(url);
  EXPECT_NE(url.find("/vnc/websockify%3Fticket%3D" + ticket + "&ticket="), std::string::npos) << url;
  EXPECT_EQ(get("/session/" + id + "?ticket=" + ticket).status, 200);
  EXPECT_EQ(get("/session/" + id + "/vnc").status, 401);
  const auto led = get("/session/" + id + "/vnc?ticket=" + ticket);
  EXPECT_EQ(led.status, 302);
  EXPECT_EQ(std::string(*led.headers.find("Location")).find("vnc/vnc.html?"), 0u);
  EXPECT_NE(led.headers.find("Location")->find("%3Fticket%3D"), std::string::npos);
  EXPECT_EQ(get("/session/" + id + "/vnc/app/ui.js").status, 200) << "the page's parts are the same for all";
  manual_.advance(24h);
  EXPECT_EQ(get("/session/" + id + "?ticket=" + ticket).status, 200) << "good for a day at least";
  manual_.advance(25h);
  EXPECT_EQ(get("/session/" + id + "?ticket=" + ticket).status, 401);
}

TEST_F(AccessTest, AViewersUrlOfTheDesktopGivesNoMoreThanViewing) {
  const std::string id = create_session("alice");
  const std::string view = ticket_for(id, DesktopRole::view, 60s);
  const std::string ticket = ticket_in(get_string(json_of(get("/session/" + id + "?ticket=" + view)), "vnc_url"));
  EXPECT_EQ(send("POST", "/session/" + id + "/stop?ticket=" + ticket).status, 403);
  manual_.advance(60s);
  EXPECT_EQ(get("/session/" + id + "?ticket=" + ticket).status, 401) << "nor does it live longer";
}

}  // namespace
}  // namespace ottobot::api::test
