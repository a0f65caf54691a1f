// Our program, and owners of folders, as tar files for `PUT /containers/ID/archive`.
#pragma once

#include <string>
#include <sys/types.h>

#include "containers/docker/engine.hpp"

namespace ottobot::containers {

// The file at `path`, under `name`, owned by root and executable for all. Errors: from errno.
Result<std::string> program_archive(const std::string& path, const std::string& name);

// A folder "." of `uid`: what it is unpacked over belongs to that user then.
Result<std::string> folder_archive(uid_t uid, gid_t gid);

// Puts our program into a container that was made with a volume in its folder. Errors: both kinds.
Result<void> put_program(const Engine& engine, const std::string& container, const std::string& path,
                         const CallContext& ctx);

}  // namespace ottobot::containers
