// The /etc of sandboxes: files of our own, and copies of the harmless parts of the host's.
//
// Copies in one folder, because bubblewrap binds one in a fraction of the time that thirty parts take. What not
// everybody may read stays behind. All servers of a host share the folder. The largest parts are bound over it.
#pragma once

#include <string>
#include <vector>

#include "ottobot/error.hpp"

namespace ottobot::containers {

// The folder's name, by what is to be in it: all that, and the paths of `extra` that are below /etc.
std::string sandbox_etc_name(const std::vector<std::string>& extra);

// Paths of the host that are to be bound over the folder's empty ones; those that are there.
std::vector<std::string> bound_parts_of_etc();

// Paths below those whose content is no sandbox's business; those that are there.
std::vector<std::string> hidden_parts_of_etc();

// Makes `folder` hold just that. Files change by rename: running sandboxes, which have the folder bound, see whole
// ones. One process at a time. Parts that cannot be copied are left out. Errors: from errno, for our own files;
// deadline_exceeded.
Result<void> update_sandbox_etc(const std::string& folder, const std::vector<std::string>& extra);

// True for a path that update_sandbox_etc() copies.
bool is_below_etc(const std::string& path);

}  // namespace ottobot::containers
