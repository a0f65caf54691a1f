#include "access_setup.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

#include "ottobot/ids.hpp"

namespace ottobot::cli {
namespace {

namespace fs = std::filesystem;

class AccessSetup : public ::testing::Test {
 protected:
  AccessSetup() {
    settings_.data_dir = fs::temp_directory_path() / ("ottobot-access-" + new_id());
    fs::create_directories(settings_.data_dir);
  }
  ~AccessSetup() override { fs::remove_all(settings_.data_dir); }

  std::optional<NewKey> add_key() {
    auto made = add_missing_key(settings_, null_logger());
    EXPECT_TRUE(made) << made.error().to_string();
    return made.value_or(std::nullopt);
  }
  static int mode_of(const fs::path& file) {
    struct stat info {};
    return ::stat(file.c_str(), &info) == 0 ? static_cast<int>(info.st_mode & 07777) : -1;
  }

  config::Settings settings_;
};

TEST_F(AccessSetup, OnLoopbackNobodyIsAskedUnlessKeysAreSet) {
  EXPECT_FALSE(add_key());
  EXPECT_EQ(settings_.access.api_keys, "");
  settings_.access.api_keys = "ann:k";
  EXPECT_FALSE(add_key());
  EXPECT_EQ(settings_.access.api_keys, "ann:k");
  EXPECT_FALSE(fs::exists(made_keys_file(settings_)));
}

TEST_F(AccessSetup, BeyondLoopbackAKeyIsMadeOnceAndKeptPrivate) {
  settings_.host = "0.0.0.0";
  const auto made = add_key();
  ASSERT_TRUE(made);
  EXPECT_EQ(made->key.size(), 64u);
  EXPECT_EQ(mode_of(made->file), 0600);
  EXPECT_EQ(settings_.access.api_keys, made->file.string());
  std::string line;
  std::getline(std::ifstream(made->file), line);
  EXPECT_EQ(line, "admin:" + made->key);
  settings_.access.api_keys.clear();
  EXPECT_FALSE(add_key()) << "it is not shown again";
  EXPECT_EQ(settings_.access.api_keys, made->file.string());
  EXPECT_EQ(std::distance(fs::directory_iterator(settings_.data_dir), fs::directory_iterator()), 1);
}

TEST_F(AccessSetup, AskingMayBeWantedAlwaysOrNever) {
  settings_.auth = config::Auth::keys;
  EXPECT_TRUE(add_key()) << "on loopback, too";
  settings_.auth = config::Auth::none;
  settings_.host = "0.0.0.0";
  settings_.access.api_keys = "ann:k";
  EXPECT_FALSE(add_key());
  EXPECT_EQ(settings_.access.api_keys, "");
}

TEST_F(AccessSetup, TheSecretOfTicketsIsKeptWithTheStore) {
  ASSERT_TRUE(add_ticket_secret(settings_, null_logger()));
  const std::string made = settings_.access.ticket_secret;
  EXPECT_EQ(made.size(), 64u);
  EXPECT_EQ(mode_of(settings_.data_dir / "ticket_secret"), 0600);
  settings_.access.ticket_secret.clear();
  ASSERT_TRUE(add_ticket_secret(settings_, null_logger()));
  EXPECT_EQ(settings_.access.ticket_secret, made);
  settings_.access.ticket_secret = "an operator's own secret";
  ASSERT_TRUE(add_ticket_secret(settings_, null_logger()));
  EXPECT_EQ(settings_.access.ticket_secret, "an operator's own secret");
  settings_.access.ticket_secret.clear();
  std::ofstream(settings_.data_dir / "ticket_secret") << "x";
  EXPECT_EQ(add_ticket_secret(settings_, null_logger()).error().code, ErrorCode::data_loss);
  settings_.store = "memory";
  ASSERT_TRUE(add_ticket_secret(settings_, null_logger()));
  EXPECT_EQ(settings_.access.ticket_secret, "") << "the server makes one for itself";
}

}  // namespace
}  // namespace ottobot::cli
