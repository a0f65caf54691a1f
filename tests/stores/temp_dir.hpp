// A new directory under the system's folder for temporary files, removed with its contents.
#pragma once

#include <filesystem>

#include "ottobot/ids.hpp"

namespace ottobot::testing {

class TempDir {
 public:
  TempDir() : path_(std::filesystem::temp_directory_path() / ("ottobot-test-" + new_id())) {
    std::filesystem::create_directories(path_);
  }
  ~TempDir() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;

  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace ottobot::testing
