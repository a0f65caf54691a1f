#include "api/host_guard.hpp"

#include <gtest/gtest.h>

namespace ottobot::api {
namespace {

bool takes_host(const std::string& host) {
  const HostGuard guard({"127.0.0.1", "https://otto.example/app", {}});
  net::RequestHead head;
  head.headers.add("Host", host);
  return guard.check_host(head).has_value();
}

TEST(HostGuard, TakesTheNamesOfThisMachine) {
  for (const char* host : {"localhost", "localhost:3000", "LOCALHOST:3000", "127.0.0.1:3000", "127.8.9.1", "[::1]:3000",
                           "otto.example", "OTTO.example:8443", "workstation:3000", ""}) {
    EXPECT_TRUE(takes_host(host)) << host;
  }
}

TEST(HostGuard, RefusesNamesThatSomebodyMayHaveRegistered) {
  for (const char* host : {"evil.example", "evil.example:3000", "localhost.evil.example", "127.0.0.1.evil.example:80",
                           "192.0.2.7", "[2001:db8::1]:3000", "127.evil.example", "localhost."}) {
    EXPECT_FALSE(takes_host(host)) << host;
  }
}

bool takes_origin(const std::string& origin, bool loopback_pages = false) {
  const HostGuard guard({"127.0.0.1", "https://otto.example", {"http://friend.example"}, loopback_pages});
  net::RequestHead head;
  head.headers.add("Host", "localhost:3000");
  if (!origin.empty()) head.headers.add("Origin", origin);
  return guard.check_origin(head).has_value();
}

TEST(HostGuard, ProgramsAndOwnPagesMayChangeSomething) {
  for (const char* origin : {"", "http://localhost:3000", "https://otto.example", "http://friend.example"}) {
    EXPECT_TRUE(takes_origin(origin)) << origin;
  }
}

TEST(HostGuard, PagesOfOtherSitesMayNot) {
  for (const char* origin : {"https://evil.example", "http://localhost:5174", "http://localhost.evil.example", "null",
                             "http://friend.example.evil.example", "garbage", "http://"}) {
    EXPECT_FALSE(takes_origin(origin)) << origin;
  }
}

TEST(HostGuard, SessionsOwnPortsTakeAllPagesOfThisMachine) {
  for (const char* origin : {"http://localhost:6080", "http://127.0.0.1:9", "http://[::1]:6080"}) {
    EXPECT_TRUE(takes_origin(origin, true)) << origin;
  }
  for (const char* origin : {"https://evil.example", "http://localhost.evil.example", "http://[::1].evil.example",
                             "http://127.0.0.1.evil.example:80", "null"}) {
    EXPECT_FALSE(takes_origin(origin, true)) << origin;
  }
}

TEST(HostGuard, AServerIsForThisMachineWhereItListensOrIsReachedOnLoopback) {
  EXPECT_TRUE(is_for_this_machine("127.0.0.1", ""));
  EXPECT_TRUE(is_for_this_machine("localhost", "https://otto.example"));
  EXPECT_TRUE(is_for_this_machine("0.0.0.0", "http://localhost:3000"));
  EXPECT_TRUE(is_for_this_machine("::", "http://[::1]:3000/"));
  EXPECT_FALSE(is_for_this_machine("0.0.0.0", ""));
  EXPECT_FALSE(is_for_this_machine("0.0.0.0", "https://otto.example"));
  EXPECT_FALSE(is_for_this_machine("0.0.0.0", "http://localhost.evil.example"));
}

TEST(HostGuard, TheBrowsersOwnWordCountsWhereItNamesNoOrigin) {
  const HostGuard guard({"127.0.0.1", "", {}});
  net::RequestHead head;
  head.headers.add("Sec-Fetch-Site", "cross-site");
  EXPECT_FALSE(guard.check_origin(head));
}

}  // namespace
}  // namespace ottobot::api
