#include "config/nearest_name.hpp"

#include <gtest/gtest.h>

#include <array>

namespace ottobot::config {
namespace {

constexpr std::array<std::string_view, 4> kNames{"serve", "sessions", "run", "rm"};

TEST(NearestName, FindsTypingErrors) {
  EXPECT_EQ(nearest_name("sevre", kNames), "serve");
  EXPECT_EQ(nearest_name("session", kNames), "sessions");
  EXPECT_EQ(nearest_name("RUN", kNames), "run");
  EXPECT_EQ(nearest_name("rn", kNames), "run");
}

TEST(NearestName, IsSilentWhenNothingIsNear) {
  EXPECT_EQ(nearest_name("xyz", kNames), "");
  EXPECT_EQ(nearest_name("", kNames), "");
  EXPECT_EQ(nearest_name(std::string(1000, 'r'), kNames), "");
}

}  // namespace
}  // namespace ottobot::config
