// The folder that the agent works in, and the only one that its file tools reach.
//
// Paths come from a model or from the network. Relative ones start at the root, absolute ones must lie below it, and
// symbolic links are followed only while they stay inside: the kernel checks that (openat2 with RESOLVE_BENEATH).
// Immutable after open(); thread-safe.
#pragma once

#include <string>
#include <string_view>

#include <sys/stat.h>

#include "net/unique_fd.hpp"
#include "ottobot/error.hpp"

namespace ottobot::sandboxd {

// A directory entry that may not exist yet.
struct Place {
  net::UniqueFd folder;  // open for *at() calls
  std::string name;      // the entry in it: no '/', not empty, not "." or ".."
  std::string path;      // real path relative to the root: the file's identity
};

// "a named pipe", "a socket", "a device": what is neither file, folder nor link.
std::string special_kind(mode_t mode);

enum class Parents { must_exist, create };

class Workspace {
 public:
  // Creates the folder when it is missing. Errors: those of mkdir and open.
  static Result<Workspace> open(const std::string& folder);

  const std::string& root() const { return root_; }
  // `path`, in the form of raw_name(), relative to the root, not yet looked up. Errors: invalid_argument (empty, NUL,
  // too long, "~/"), permission_denied (absolute and not below the root).
  Result<std::string> relative(std::string_view path) const;

  // Opens what is there, following links; flags as open(2), without O_CREAT. Errors: not_found, permission_denied
  // (also: leads outside), invalid_argument.
  Result<net::UniqueFd> open_path(std::string_view path, int flags) const;
  // The same, with the real path of what is there relative to the root: the file's identity.
  struct Opened {
    net::UniqueFd fd;
    std::string path;
  };
  Result<Opened> open_named(std::string_view path, int flags) const;
  // Where to write `path`: a link at its end is followed when its target exists. Errors: as open_path, conflict (a file
  // where a folder is needed, a folder or a special file where the file should be), permission_denied (read-only).
  Result<Place> locate_file(std::string_view path, Parents parents) const;
  // The entry itself, links not followed: for deleting, renaming and creating folders.
  Result<Place> locate_entry(std::string_view path, Parents parents) const;

  // The same for the very bytes of a path relative to the root.
  Result<Place> locate_bytes(const std::string& relative, Parents parents) const;

  // Absolute real path of an open descriptor.
  static std::string real_path(int fd);

 private:
  Workspace(net::UniqueFd fd, std::string root, std::string given);
  // A `relative` path, parents created. Errors as open_path.
  Result<net::UniqueFd> open_folder(const std::string& relative, Parents parents) const;
  Result<net::UniqueFd> open_relative(const std::string& relative, int flags) const;

  net::UniqueFd fd_;
  std::string root_;   // canonical
  std::string given_;  // as configured: absolute paths may use this spelling
};

}  // namespace ottobot::sandboxd
