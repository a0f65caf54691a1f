#include "net/unnamed_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

namespace ottobot::net {

Result<UniqueFd> open_unnamed_file(const std::string& folder) {
  UniqueFd file(::open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
  if (file) return file;
  // What file systems and kernels say that do not know it.
  if (errno == EOPNOTSUPP || errno == EISDIR || errno == ENOENT || errno == EINVAL) return open_unlinked_file(folder);
  return errno_error("a temporary file in " + folder, errno);
}

Result<UniqueFd> open_unlinked_file(const std::string& folder) {
  std::string path = folder + "/.ottobot-XXXXXX";
  UniqueFd file(::mkostemp(path.data(), O_CLOEXEC));
  if (!file) return errno_error("a temporary file in " + folder, errno);
  if (::unlink(path.c_str()) != 0) return errno_error("a temporary file in " + folder, errno);
  return file;
}

}  // namespace ottobot::net
