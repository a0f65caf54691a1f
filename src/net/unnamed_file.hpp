// Files without a name, for what is too large to be held in memory: gone with their descriptor, whatever happens.
#pragma once

#include <string>

#include "net/unique_fd.hpp"
#include "ottobot/error.hpp"

namespace ottobot::net {

// Open for reading and writing, on the disk of `folder`, which shows nothing of it. Errors: those of the system.
Result<UniqueFd> open_unnamed_file(const std::string& folder);
// The same where the file system has no files without names (overlayfs before Linux 6.1, NFS, some FUSE): for a moment
// it has one. open_unnamed_file() falls back to this.
Result<UniqueFd> open_unlinked_file(const std::string& folder);

}  // namespace ottobot::net
