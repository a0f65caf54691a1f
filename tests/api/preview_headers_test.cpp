#include "api/preview_headers.hpp"

#include <gtest/gtest.h>

namespace ottobot::api {
namespace {

PreviewTarget at_path() {
  PreviewTarget target;
  target.session_id = "s";
  target.port = 5173;
  target.prefix = "/session/s/preview/5173";
  return target;
}

PreviewTarget at_own_host() {
  PreviewTarget target;
  target.session_id = "s";
  target.port = 5173;
  target.own_host = true;
  return target;
}

net::Headers to_app(net::Headers headers, const PreviewTarget& target, bool hide = false) {
  net::RequestHead head;
  headers.add("Host", "app.localhost:3000");
  head.headers = std::move(headers);
  return headers_for_app(head, target, hide);
}

TEST(PreviewHeaders, TheAppTakesItselfForLocalhost) {
  const auto headers = to_app({{"Origin", "http://app.localhost:3000"},
                               {"Referer", "http://app.localhost:3000/a?b"},
                               {"Accept", "text/html"},
                               {"X-Forwarded-Host", "app.localhost"}},
                              at_own_host());
  EXPECT_EQ(headers.find("Host"), "localhost:5173");
  EXPECT_EQ(headers.find("Origin"), "http://localhost:5173");
  EXPECT_EQ(headers.find("Referer"), "http://localhost:5173/a?b");
  EXPECT_EQ(headers.find("Accept"), "text/html");
  EXPECT_FALSE(headers.find("X-Forwarded-Host"));
}

TEST(PreviewHeaders, APageOfAnotherOriginStaysOne) {
  const auto headers = to_app({{"Origin", "http://evil.example"}, {"Referer", "http://evil.example/x"}}, at_own_host());
  EXPECT_EQ(headers.find("Origin"), "http://evil.example");
  EXPECT_FALSE(headers.find("Referer"));
}

TEST(PreviewHeaders, CredentialsOfOursStayHere) {
  const net::Headers given{{"Cookie", "a=b; ottobot_ticket=t; c=d; __Host-ottobot_ticket=t"},
                           {"Authorization", "Bearer key"}};
  const auto own = to_app(given, at_own_host());
  EXPECT_EQ(own.find("Cookie"), "a=b; c=d");
  EXPECT_EQ(own.find("Authorization"), "Bearer key") << "there it is the app's";
  const auto path = to_app(given, at_path(), true);
  EXPECT_FALSE(path.find("Cookie"));
  EXPECT_FALSE(path.find("Authorization"));
  EXPECT_FALSE(to_app({{"Cookie", "ottobot_ticket=t"}}, at_own_host()).find("Cookie"));
}

TEST(PreviewHeaders, FieldsOfTheConnectionEndHere) {
  const net::Headers given{{"Connection", "keep-alive, X-Hop"},
                           {"Keep-Alive", "1"},
                           {"X-Hop", "1"},
                           {"Transfer-Encoding", "chunked"},
                           {"TE", "x"},
                           {"Upgrade", "websocket"},
                           {"X-End", "1"}};
  const auto up = to_app(given, at_own_host());
  EXPECT_EQ(up.size(), 2u);
  EXPECT_EQ(up.find("X-End"), "1");
  const auto down = headers_for_browser(given, at_own_host());
  EXPECT_EQ(down.size(), 1u);
}

TEST(PreviewHeaders, AtAPathNothingReachesTheRestOfTheServer) {
  const auto headers = headers_for_browser({{"Set-Cookie", "a=b; Path=/"},
                                            {"Service-Worker-Allowed", "/"},
                                            {"Clear-Site-Data", "*"},
                                            {"Access-Control-Allow-Origin", "http://localhost:5173"},
                                            {"Access-Control-Allow-Credentials", "true"},
                                            {"Content-Security-Policy", "default-src 'self'"},
                                            {"ETag", "x"}},
                                           at_path());
  for (const char* gone :
       {"Set-Cookie", "Service-Worker-Allowed", "Clear-Site-Data", "Access-Control-Allow-Credentials"}) {
    EXPECT_FALSE(headers.find(gone)) << gone;
  }
  EXPECT_EQ(headers.find("Access-Control-Allow-Origin"), "*");
  EXPECT_EQ(headers.find("ETag"), "x");
  bool sandboxed = false;
  for (const auto& [name, value] : headers) {
    if (name == "Content-Security-Policy" && value.starts_with("sandbox ")) {
      sandboxed = value.find("allow-same-origin") == std::string::npos;
    }
  }
  EXPECT_TRUE(sandboxed);
}

TEST(PreviewHeaders, ItsOwnHostHasItsOwnCookies) {
  const auto cookie = [](const char* value) {
    const auto headers = headers_for_browser({{"Set-Cookie", value}}, at_own_host());
    return std::string(headers.find("Set-Cookie").value_or(""));
  };
  EXPECT_EQ(cookie("a=b; Path=/; HttpOnly"), "a=b; Path=/; HttpOnly");
  EXPECT_EQ(cookie("a=b;domain=localhost; Path=/"), "a=b; Path=/") << "not its neighbours'";
  EXPECT_EQ(cookie("ottobot_ticket=forged"), "");
  EXPECT_EQ(cookie("__Host-ottobot_ticket=forged; Secure; Path=/"), "");
}

TEST(PreviewHeaders, NothingOutlivesTheAppInTheBrowser) {
  for (const char* name :
       {"Strict-Transport-Security", "NEL", "Report-To", "Reporting-Endpoints", "Alt-Svc", "Clear-Site-Data"}) {
    EXPECT_EQ(headers_for_browser({{name, "x"}}, at_own_host()).size(), 0u) << name;
    EXPECT_FALSE(headers_for_browser({{name, "x"}}, at_path()).find(name)) << name;
  }
}

TEST(PreviewHeaders, RedirectionsStayAtTheApp) {
  const auto location = [](const char* value, const PreviewTarget& target) {
    return std::string(*headers_for_browser({{"Location", value}}, target).find("Location"));
  };
  EXPECT_EQ(location("/login?x", at_path()), "/session/s/preview/5173/login?x");
  EXPECT_EQ(location("/login?x", at_own_host()), "/login?x");
  EXPECT_EQ(location("http://localhost:5173/a", at_path()), "/session/s/preview/5173/a");
  EXPECT_EQ(location("http://127.0.0.1:5173", at_own_host()), "/");
  EXPECT_EQ(location("./a", at_path()), "./a");
  EXPECT_EQ(location("/session/s/preview/5173/lab", at_path()), "/session/s/preview/5173/lab")
      << "it was told its prefix";
  for (const char* elsewhere :
       {"https://example.com/a", "//example.com/a", "http://localhost:51730/", "http://localhost:5173.evil.com/"}) {
    EXPECT_EQ(location(elsewhere, at_path()), elsewhere);
  }
}

}  // namespace
}  // namespace ottobot::api
