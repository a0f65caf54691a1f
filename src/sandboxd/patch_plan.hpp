// A patch against the workspace: computed whole, then written whole or not at all.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sandboxd/files.hpp"
#include "sandboxd/patch.hpp"

namespace ottobot::sandboxd {

struct FileVersion {
  std::string bytes;
  std::optional<mode_t> mode;  // nullopt: what a new file gets
  bool operator==(const FileVersion&) const = default;
};

struct PatchedFile {
  std::string path;                   // relative to the workspace
  std::optional<FileVersion> before;  // nullopt: was not there
  std::optional<FileVersion> after;   // nullopt: is deleted
  bool unseen = false;                // it changed since the agent last read it; its new version stays unseen
  bool changes() const { return before != after; }
};

// What the patch makes of the files, in order of their first mention; nothing is written. Errors: not_found, conflict
// (does not fit, is there already, is binary), and those of Workspace.
Result<std::vector<PatchedFile>> plan_patch(const Workspace& workspace, const ReadMarks& marks,
                                            const std::vector<FilePatch>& patches);

// Writes all of it; when one step fails, the steps before are undone. Errors: those of the file system.
Result<void> write_patch(const Workspace& workspace, ReadMarks& marks, const std::vector<PatchedFile>& files);

}  // namespace ottobot::sandboxd
