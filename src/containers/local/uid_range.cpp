#include "containers/local/uid_range.hpp"

#include <unistd.h>
#include <climits>

#include <functional>

#include "containers/common/files.hpp"
#include "containers/common/folder_lock.hpp"

namespace ottobot::containers {
namespace {

std::string read_link(const std::string& path) {
  char target[PATH_MAX];
  const ssize_t length = ::readlink(path.c_str(), target, sizeof target);
  return length < 0 ? std::string{} : std::string(target, static_cast<std::size_t>(length));
}

}  // namespace

bool UidRange::try_lease(const std::string& folder, uid_t uid) const {
  const std::string name = link(uid);
  if (::symlink(folder.c_str(), name.c_str()) == 0) return true;
  const std::string holder = read_link(name);
  if (holder == folder) return true;
  if (holder.empty() || ::access(holder.c_str(), F_OK) == 0) return false;
  return ::unlink(name.c_str()) == 0 && ::symlink(folder.c_str(), name.c_str()) == 0;
}

Result<uid_t> UidRange::lease(const std::string& folder, std::optional<uid_t> preferred, const CallContext& ctx) const {
  auto lock = FolderLock::acquire(lease_dir_, FolderLock::Missing::is_made, ctx);
  if (!lock) return fail(lock.error());
  if (preferred && try_lease(folder, *preferred)) return *preferred;
  // Starting somewhere else for each sandbox keeps this from walking over all that are taken.
  const auto offset = std::hash<std::string>{}(folder) % count_;
  for (unsigned step = 0; step < count_; ++step) {
    const uid_t uid = first_ + static_cast<uid_t>((offset + step) % count_);
    if (try_lease(folder, uid)) return uid;
  }
  return resource_exhausted("all " + std::to_string(count_) + " sandbox uids are taken", "remove unused sandboxes");
}

bool UidRange::holds(const std::string& folder, uid_t uid) const { return read_link(link(uid)) == folder; }

void UidRange::release(const std::string& folder, uid_t uid) const {
  if (holds(folder, uid)) ::unlink(link(uid).c_str());
}

}  // namespace ottobot::containers
