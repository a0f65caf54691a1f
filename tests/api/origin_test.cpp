#include "api/origin.hpp"

namespace ottobot::api {
namespace {

bool allowed(const std::string& origin) {
  net::RequestHead head;
  if (!origin.empty()) head.headers.add("Origin", origin);
  return check_loopback_origin(head).has_value();
}

TEST(LoopbackOrigin, ProgramsAndPagesOfThisMachineMayPass) {
  for (const char* origin : {"", "http://localhost:6080", "http://127.0.0.1:6080", "http://[::1]:6080"}) {
    EXPECT_TRUE(allowed(origin)) << origin;
  }
}

TEST(LoopbackOrigin, PagesOfOtherSitesMayNot) {
  for (const char* origin : {"https://evil.example", "http://localhost.evil.example",
                             "http://127.0.0.1.evil.example:80", "null", "http://[::1].evil.example", "garbage"}) {
    EXPECT_FALSE(allowed(origin)) << origin;
  }
}

}  // namespace
}  // namespace ottobot::api
