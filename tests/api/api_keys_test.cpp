#include "api/api_keys.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "api/recording_logger.hpp"
#include "ottobot/testing/manual_clock.hpp"

namespace ottobot::api::test {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

TEST(KeyLines, AreUserAndKeyWithCommentsAndBlankLines) {
  const auto list =
      parse_api_keys("# the team\n\nalice:first-key-of-alice\r\n  bob : key:with:colons-in-it \nalice:k2");
  ASSERT_TRUE(list) << list.error().to_string();
  ASSERT_EQ(list->keys.size(), 3u);
  EXPECT_EQ(list->keys[1].user, "bob");
  EXPECT_EQ(list->keys[2].user, "alice");
  EXPECT_EQ(list->weak_lines, std::vector<int>{5});
}

TEST(KeyLines, AreNamedByTheirNumberAndNothingElse) {
  const std::pair<const char*, const char*> wrong[] = {
      {"alice:good\nsecretkey", "line 2"}, {"alice:", "line 1"},           {":secretkey", "line 1"},
      {"a b:secretkey", "line 1"},         {"alice:secret key", "line 1"}, {"a:secretkey\n\nb:secretkey", "line 3"}};
  for (const auto& [text, line] : wrong) {
    const auto list = parse_api_keys(text);
    ASSERT_FALSE(list) << text;
    EXPECT_NE(list.error().message.find(line), std::string::npos) << list.error().message;
    EXPECT_EQ(list.error().to_string().find("secret"), std::string::npos) << list.error().to_string();
  }
}

class KeyFile : public ::testing::Test {
 protected:
  KeyFile() {
    char folder[] = "/tmp/ottobot-keys-XXXXXX";
    folder_ = ::mkdtemp(folder);
    write("alice:key-one-of-alice\n");
    auto keys = ApiKeys::make(path(), clock_, logger_);
    EXPECT_TRUE(keys) << keys.error().to_string();
    keys_ = std::move(*keys);
  }
  ~KeyFile() override { fs::remove_all(folder_); }

  std::string path() const { return (folder_ / "keys").string(); }
  void write(const std::string& text) const {
    std::ofstream(path()) << text;
    fs::permissions(path(), fs::perms::owner_read | fs::perms::owner_write);
  }

  fs::path folder_;
  testing::ManualClock clock_;
  RecordingLogger logger_;
  std::unique_ptr<ApiKeys> keys_;
};

TEST_F(KeyFile, IsReadAgainWhenItChangesOnceASecondAtMost) {
  EXPECT_EQ(keys_->user_of("key-one-of-alice"), "alice");
  write("bob:key-one-of-bob-too\n");
  EXPECT_EQ(keys_->user_of("key-one-of-alice"), "alice") << "not looked at yet";
  clock_.advance(1s);
  EXPECT_EQ(keys_->user_of("key-one-of-alice"), std::nullopt);
  EXPECT_EQ(keys_->user_of("key-one-of-bob-too"), "bob");
  EXPECT_FALSE(keys_->knows("alice"));
  EXPECT_EQ(logger_.audited("keys_reloaded").size(), 1u);
}

TEST_F(KeyFile, ThatIsBrokenOrGoneChangesNothingAndIsAWarning) {
  write("alice:key-one-of-alice\nnonsense\n");
  clock_.advance(1s);
  EXPECT_EQ(keys_->user_of("key-one-of-alice"), "alice");
  EXPECT_EQ(logger_.count(LogLevel::warn), 1);
  EXPECT_NE(logger_.text().find("line 2"), std::string::npos);
  fs::remove(path());
  for (int i = 0; i < 3; ++i) {
    clock_.advance(1s);
    EXPECT_TRUE(keys_->knows("alice"));
  }
  EXPECT_EQ(logger_.count(LogLevel::warn), 2) << "said once\n" << logger_.text();
  write("carol:key-one-of-carol\n");
  clock_.advance(1s);
  EXPECT_TRUE(keys_->knows("carol"));
}

TEST_F(KeyFile, ThatIsEmptiedLetsNobodyIn) {
  write("# nobody\n");
  clock_.advance(1s);
  EXPECT_EQ(keys_->user_of("key-one-of-alice"), std::nullopt);
  EXPECT_EQ(keys_->user_of(""), std::nullopt);
  EXPECT_EQ(logger_.count(LogLevel::warn), 1);
}

TEST_F(KeyFile, ThatOthersMayReadIsAWarning) {
  fs::permissions(path(), fs::perms::others_read, fs::perm_options::add);
  ASSERT_TRUE(ApiKeys::make(path(), clock_, logger_));
  EXPECT_NE(logger_.text().find("chmod 600"), std::string::npos);
}

TEST_F(KeyFile, MustBeThereAndHaveAKeyAtTheStart) {
  EXPECT_EQ(ApiKeys::make(folder_.string() + "/none", clock_, logger_).error().code, ErrorCode::not_found);
  EXPECT_EQ(ApiKeys::make(folder_.string(), clock_, logger_).error().code, ErrorCode::invalid_argument);
  write("\n");
  EXPECT_EQ(ApiKeys::make(path(), clock_, logger_).error().code, ErrorCode::invalid_argument);
}

TEST(KeySetting, IsTheLinesThemselves) {
  testing::ManualClock clock;
  RecordingLogger logger;
  auto keys = ApiKeys::make("alice:k1,bob:k2, alice:a-much-longer-key", clock, logger);
  ASSERT_TRUE(keys) << keys.error().to_string();
  EXPECT_EQ((*keys)->user_of("k1"), "alice");
  EXPECT_EQ((*keys)->user_of("k2"), "bob");
  EXPECT_EQ((*keys)->user_of("a-much-longer-key"), "alice");
  EXPECT_EQ((*keys)->user_of("k3"), std::nullopt);
  EXPECT_EQ(logger.count(LogLevel::warn), 2) << "two of them can be guessed";
  EXPECT_EQ(logger.text().find("k1"), std::string::npos);
  EXPECT_EQ(ApiKeys::make("nofile", clock, logger).error().code, ErrorCode::not_found);
}

}  // namespace
}  // namespace ottobot::api::test
