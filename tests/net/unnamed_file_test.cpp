#include "net/unnamed_file.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

namespace ottobot::net {
namespace {

namespace fs = std::filesystem;

struct Way {
  const char* name;
  Result<UniqueFd> (*open)(const std::string& folder);
};

class UnnamedFile : public ::testing::TestWithParam<Way> {
 protected:
  UnnamedFile() : folder_(fs::temp_directory_path() / ("unnamed-" + std::to_string(::getpid()))) {
    fs::create_directory(folder_);
  }
  ~UnnamedFile() override { fs::remove_all(folder_); }

  const fs::path folder_;
};

TEST_P(UnnamedFile, KeepsWhatIsWrittenAndIsNowhereToBeSeen) {
  const auto file = GetParam().open(folder_.string());
  ASSERT_TRUE(file) << file.error().to_string();
  ASSERT_EQ(::write(file->get(), "kept", 4), 4);
  char read[8] = {};
  EXPECT_EQ(::pread(file->get(), read, sizeof read, 0), 4);
  EXPECT_STREQ(read, "kept");
  struct stat info {};
  ASSERT_EQ(::fstat(file->get(), &info), 0);
  EXPECT_EQ(info.st_nlink, 0u);
  EXPECT_EQ(info.st_mode & 07777, 0600u);
  EXPECT_TRUE(fs::is_empty(folder_));
}

TEST_P(UnnamedFile, AFolderThatIsNotThereIsNamed) {
  const auto file = GetParam().open((folder_ / "no").string());
  ASSERT_FALSE(file);
  EXPECT_EQ(file.error().code, ErrorCode::not_found);
  EXPECT_NE(file.error().message.find((folder_ / "no").string()), std::string::npos) << file.error().message;
}

INSTANTIATE_TEST_SUITE_P(Ways, UnnamedFile,
                         ::testing::Values(Way{"best", open_unnamed_file}, Way{"fallback", open_unlinked_file}),
                         [](const auto& way) { return std::string(way.param.name); });

}  // namespace
}  // namespace ottobot::net
