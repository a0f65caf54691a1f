// The uids that sandboxes run under, leased host-wide.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

#include "ottobot/call_context.hpp"

namespace ottobot::containers {

// A lease is a link lease_dir/<uid> to the sandbox's folder: made in one step, and stale once that folder is gone, so
// nothing can leak. Thread-safe and safe among processes.
class UidRange {
 public:
  UidRange(std::string lease_dir, uid_t first, unsigned count)
      : lease_dir_(std::move(lease_dir)), first_(first), count_(count) {}

  // A uid for the sandbox of `folder`: `preferred` if that is free or already its own. The same folder may ask again
  // after a crash and gets what it has. Errors: resource_exhausted, deadline_exceeded, cancelled, else from errno.
  Result<uid_t> lease(const std::string& folder, std::optional<uid_t> preferred, const CallContext& ctx) const;
  bool holds(const std::string& folder, uid_t uid) const;
  // Frees the uid if `folder` is who leases it.
  void release(const std::string& folder, uid_t uid) const;

 private:
  std::string link(uid_t uid) const { return lease_dir_ + "/" + std::to_string(uid); }
  bool try_lease(const std::string& folder, uid_t uid) const;

  std::string lease_dir_;
  uid_t first_;
  unsigned count_;
};

}  // namespace ottobot::containers
