// One user at a time per folder, among threads and processes alike.
#pragma once

#include <string>

#include "net/unique_fd.hpp"
#include "ottobot/call_context.hpp"

namespace ottobot::containers {

// An flock on the folder itself, so that it vanishes with the folder and with its holder. Held until destroyed.
class FolderLock {
 public:
  enum class Missing { is_error, is_made };

  // Errors: not_found (no folder, and Missing::is_error), deadline_exceeded, cancelled, else from errno.
  static Result<FolderLock> acquire(const std::string& folder, Missing missing, const CallContext& ctx);
  // Errors: the same, and conflict when somebody else holds it.
  static Result<FolderLock> try_acquire(const std::string& folder, Missing missing);

 private:
  explicit FolderLock(net::UniqueFd fd) : fd_(std::move(fd)) {}
  net::UniqueFd fd_;
};

}  // namespace ottobot::containers
