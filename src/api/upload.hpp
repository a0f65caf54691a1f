// A request body put aside in a temporary file: the HTTP client's thread must not wait for a slow uploader.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "api/router.hpp"
#include "net/unique_fd.hpp"

namespace ottobot::api {

// What is uploaded into a sandbox.
inline constexpr std::uint64_t kMaxUploadBytes = 1ull << 30;

class Upload {
 public:
  // Reads the whole body. nullopt = it could not be read, and the answer has been given. Errors: those of the disk.
  static Result<std::optional<Upload>> receive(Request& request, std::uint64_t max_bytes);

  std::uint64_t size_bytes() const { return size_; }
  // Reads it from the start; the Upload must outlive the use.
  std::function<std::size_t(char* buffer, std::size_t size)> source() const;

 private:
  Upload(net::UniqueFd file, std::uint64_t size) : file_(std::move(file)), size_(size) {}
  net::UniqueFd file_;  // already unlinked
  std::uint64_t size_;
};

}  // namespace ottobot::api
