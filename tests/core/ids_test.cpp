#include "ottobot/ids.hpp"

#include <chrono>
#include <set>

namespace ottobot {
namespace {

TEST(Ids, AreValidAndDistinct) {
  std::set<std::string> seen;
  for (int i = 0; i < 10000; ++i) {
    const std::string id = new_id();
    EXPECT_TRUE(is_valid_id(id));
    EXPECT_TRUE(seen.insert(id).second);
  }
}

TEST(Ids, OfEventsAreValidAndDistinctAndInTheOrderOfTime) {
  std::set<std::string> seen;
  const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(5);
  std::string before;
  int milliseconds = 0;
  while (std::chrono::steady_clock::now() < end) {
    const std::string id = new_event_id();
    EXPECT_TRUE(is_valid_id(id));
    EXPECT_TRUE(seen.insert(id).second);
    EXPECT_GE(id.substr(0, 7), before);
    milliseconds += id.substr(0, 7) != before;
    before = id.substr(0, 7);
  }
  EXPECT_GE(milliseconds, 3);
}

TEST(Ids, RefuseWhatCouldNotBeOne) {
  EXPECT_FALSE(is_valid_id(""));
  EXPECT_FALSE(is_valid_id("V1StGXR8_Z5jdHi6B-my"));
  EXPECT_FALSE(is_valid_id("V1StGXR8_Z5jdHi6B-myTT"));
  EXPECT_FALSE(is_valid_id("../../../etc/passwd.."));
  EXPECT_TRUE(is_valid_id("V1StGXR8_Z5jdHi6B-myT"));
}

TEST(Ids, DigestsMatchFips180Vectors) {
  EXPECT_EQ(sha256_hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(sha256_hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST(Ids, SecretsHaveTheAskedLength) {
  EXPECT_EQ(new_secret(16).size(), 32u);
  EXPECT_NE(new_secret(), new_secret());
}

TEST(Ids, SecretComparisonIsExact) {
  EXPECT_TRUE(constant_time_equals("token", "token"));
  EXPECT_FALSE(constant_time_equals("token", "tokem"));
  EXPECT_FALSE(constant_time_equals("token", "token1"));
}

}  // namespace
}  // namespace ottobot
