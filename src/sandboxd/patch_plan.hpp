// A patch against the workspace: computed whole, then written whole or not at all.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "sandboxd/files.hpp"
#include "sandboxd/patch.hpp"

namespace ottobot::sandboxd {

struct PatchedFile {
  std::string path;                   // as the patch names it
  std::optional<std::string> before;  // nullopt: was not there
  std::optional<std::string> after;   // nullopt: is deleted
};

// What the patch makes of the files, in order of their first mention; nothing is written. Errors: not_found, conflict
// (does not fit, is there already), and those of Workspace.
Result<std::vector<PatchedFile>> plan_patch(const Workspace& workspace, const std::vector<FilePatch>& patches);

// Writes all of it; when one step fails, the steps before are undone. Errors: those of the file system.
Result<void> write_patch(const Workspace& workspace, ReadMarks& marks, const std::vector<PatchedFile>& files);

}  // namespace ottobot::sandboxd
