#include "ottobot/ids.hpp"

#include <sys/wait.h>
#include <unistd.h>

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

TEST(Ids, AreOthersInAForkedChild) {
  (void)new_id();
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    const std::string id = new_id();
    ::_exit(::write(ends[1], id.data(), id.size()) == static_cast<ssize_t>(id.size()) ? 0 : 1);
  }
  ::close(ends[1]);
  std::string of_child(21, ' ');
  EXPECT_EQ(::read(ends[0], of_child.data(), of_child.size()), 21);
  ::close(ends[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
  EXPECT_TRUE(is_valid_id(of_child));
  EXPECT_NE(of_child, new_id());
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

TEST(Ids, SignaturesMatchRfc4231Vectors) {
  const auto hex_of = [](const std::string& bytes) {
    std::string hex;
    for (const char byte : bytes) {
      hex += "0123456789abcdef"[static_cast<unsigned char>(byte) >> 4];
      hex += "0123456789abcdef"[static_cast<unsigned char>(byte) & 15];
    }
    return hex;
  };
  EXPECT_EQ(hex_of(hmac_sha256("Jefe", "what do ya want for nothing?")),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  EXPECT_EQ(hex_of(hmac_sha256(std::string(131, '\xaa'), "Test Using Larger Than Block-Size Key - Hash Key First")),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
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
