#include "run_dir.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <optional>

#include "ottobot/ids.hpp"

namespace ottobot::cli {
namespace {

namespace fs = std::filesystem;

class RunDirTest : public ::testing::Test {
 protected:
  void SetUp() override { data_ = fs::temp_directory_path() / ("ottobot-run-dir-" + new_id()); }
  void TearDown() override { fs::remove_all(data_); }

  fs::path dead_run(const std::string& instance) {
    const auto dir = data_ / "runs" / new_id();
    fs::create_directories(dir);
    std::ofstream(dir / "owner.lock").flush();
    std::ofstream(dir / "instance") << instance << "\n";
    return dir;
  }

  fs::path data_;
};

TEST_F(RunDirTest, GoesWithItsOwner) {
  auto dir = RunDir::make(data_);
  ASSERT_TRUE(dir) << dir.error().to_string();
  const auto path = dir->path();
  EXPECT_TRUE(fs::is_directory(path));
  {
    const RunDir moved = std::move(*dir);
    EXPECT_TRUE(fs::is_directory(path));
  }
  EXPECT_FALSE(fs::exists(path));
}

TEST_F(RunDirTest, ALiveOwnersFolderIsNotSwept) {
  auto dir = RunDir::make(data_);
  ASSERT_TRUE(dir);
  ASSERT_TRUE(dir->set_instance("mine"));
  const auto dead = dead_run("dead");
  std::vector<std::string> cleaned;
  sweep_dead_runs(data_, [&](const fs::path&, const std::string& instance) {
    cleaned.push_back(instance);
    return true;
  });
  EXPECT_EQ(cleaned, std::vector<std::string>{"dead"});
  EXPECT_FALSE(fs::exists(dead));
  EXPECT_TRUE(fs::exists(dir->path()));
}

TEST_F(RunDirTest, WhatCouldNotBeCleanedStaysForTheNextTime) {
  const auto dead = dead_run("dead");
  sweep_dead_runs(data_, [](const fs::path&, const std::string&) { return false; });
  EXPECT_TRUE(fs::exists(dead));
}

}  // namespace
}  // namespace ottobot::cli
