// Our program as a tar file, for `PUT /containers/ID/archive`.
#pragma once

#include <string>

#include "containers/docker/engine.hpp"

namespace ottobot::containers {

// The file at `path`, under `name`, owned by root and executable for all. Errors: from errno.
Result<std::string> program_archive(const std::string& path, const std::string& name);

// Puts our program into a container's root, as kUploadedProgram. Volumes are no place for it: not every engine has
// mounted them before the container runs. Errors: both kinds.
Result<void> put_program(const Engine& engine, const std::string& container, const std::string& path,
                         const CallContext& ctx);

}  // namespace ottobot::containers
