#include "mcp/transports/host_guard.hpp"

#include "mcp/transports/accept.hpp"

namespace ottobot::mcp {
namespace {

struct Visit {
  const char* host;
  const char* origin;  // null: none
  bool admitted;
};

class HostGuardTable : public ::testing::TestWithParam<Visit> {};

TEST_P(HostGuardTable, DecidesByHostAndOrigin) {
  const HostGuard guard({"box.example"});
  net::Headers headers{{"Host", GetParam().host}};
  if (GetParam().origin) headers.add("Origin", GetParam().origin);
  EXPECT_EQ(guard.admits(headers, "127.0.0.1:5000"), GetParam().admitted) << GetParam().host;
}

INSTANTIATE_TEST_SUITE_P(
    HostGuard, HostGuardTable,
    ::testing::Values(Visit{"localhost", nullptr, true}, Visit{"localhost:8080", nullptr, true},
                      Visit{"LOCALHOST:1", nullptr, true}, Visit{"127.0.0.1:80", nullptr, true},
                      Visit{"[::1]:80", nullptr, true}, Visit{"[::1]", nullptr, true},
                      Visit{"box.example:443", nullptr, true}, Visit{"evil.example", nullptr, false},
                      Visit{"localhost.evil.example", nullptr, false},
                      Visit{"127.0.0.1.evil.example:80", nullptr, false}, Visit{"", nullptr, false},
                      Visit{"[::1", nullptr, false}, Visit{"[::2]", nullptr, false},
                      Visit{"localhost", "http://localhost:3000", true},
                      Visit{"localhost", "https://box.example", true}, Visit{"localhost", "http://[::1]:9", true},
                      Visit{"localhost", "http://evil.example", false}, Visit{"localhost", "null", false},
                      Visit{"localhost", "", false}, Visit{"localhost", "http://localhost@evil.example", false},
                      Visit{"localhost", "http://localhost.evil.example", false}));

TEST(HostGuard, UnixPeersMayUseAnyHostButNoForeignOrigin) {
  const HostGuard guard({});
  EXPECT_TRUE(guard.admits({{"Host", "sandbox-7"}}, "unix:uid=0,pid=7"));
  EXPECT_TRUE(guard.admits({}, "unix:uid=0,pid=7"));
  EXPECT_FALSE(guard.admits({{"Host", "x"}, {"Origin", "http://evil.example"}}, "unix:uid=0,pid=7"));
  EXPECT_FALSE(guard.admits({}, "127.0.0.1:9"));
}

TEST(HostGuard, AStarAdmitsEverybody) {
  const HostGuard guard({"*"});
  EXPECT_TRUE(guard.admits({{"Host", "10.0.0.7:8300"}, {"Origin", "http://any.example"}}, "10.0.0.1:5000"));
}

TEST(Accept, CoversListsWildcardsAndAbsence) {
  const net::Headers both{{"Accept", "application/json;q=0.9, text/event-stream"}};
  EXPECT_TRUE(accepts(both, "application/json"));
  EXPECT_TRUE(accepts(both, "text/event-stream"));
  EXPECT_TRUE(accepts({{"accept", "*/*"}}, "text/event-stream"));
  EXPECT_TRUE(accepts({{"Accept", "text/*"}}, "text/event-stream"));
  EXPECT_TRUE(accepts({}, "text/event-stream"));
  EXPECT_TRUE(accepts({{"Accept", "application/json"}, {"Accept", "text/event-stream"}}, "text/event-stream"));
  EXPECT_FALSE(accepts({{"Accept", "text/*"}}, "application/json"));
  EXPECT_FALSE(accepts({{"Accept", "application/json"}}, "text/event-stream"));
  EXPECT_FALSE(accepts({{"Accept", ""}}, "application/json"));
}

TEST(Accept, JsonContentMayHaveParameters) {
  EXPECT_TRUE(is_json({{"Content-Type", "Application/JSON; charset=utf-8"}}));
  EXPECT_FALSE(is_json({{"Content-Type", "text/plain"}}));
  EXPECT_FALSE(is_json({}));
}

}  // namespace
}  // namespace ottobot::mcp
