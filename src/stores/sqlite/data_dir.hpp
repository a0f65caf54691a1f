// The data directory: made, locked for one process, and its layout.
#pragma once

#include <cstdint>
#include <filesystem>

#include "net/unique_fd.hpp"
#include "ottobot/error.hpp"

namespace ottobot::stores {

class DataDir {
 public:
  // Creates it (mode 0700) and locks it until destruction. Waits up to two seconds for a holder that was just killed.
  // Errors: conflict (locked, names the holder), and what the system says.
  static Result<DataDir> open(const std::filesystem::path& path);

  std::filesystem::path database() const { return path_ / "ottobot.db"; }
  std::filesystem::path blobs() const { return path_ / "blobs"; }
  // Files being written; whatever is in it when the directory is opened is left over from a crash.
  std::filesystem::path unfinished() const { return path_ / "unfinished"; }
  // Makes the names in the directory durable.
  Result<void> sync() const;
  // Errors: resource_exhausted: its disk has less than `bytes` left.
  Result<void> check_free(std::uint64_t bytes) const;

 private:
  DataDir(std::filesystem::path path, net::UniqueFd lock) : path_(std::move(path)), lock_(std::move(lock)) {}

  std::filesystem::path path_;
  net::UniqueFd lock_;
};

// Makes the names in `directory` durable.
Result<void> sync_directory(const std::filesystem::path& directory);

}  // namespace ottobot::stores
