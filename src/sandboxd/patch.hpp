// Patches as models write them: "*** Begin Patch" … "*** End Patch", and unified diffs. Pure functions.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ottobot/error.hpp"

namespace ottobot::sandboxd {

struct Hunk {
  std::size_t patch_line = 0;              // where it begins in the patch, from 1
  std::vector<std::string> anchors;        // texts of lines above the change ("@@ class X"), outer ones first
  std::optional<std::size_t> line;         // 0-based place that a unified diff names
  std::vector<std::string> before, after;  // context and removed lines; context and added lines
  // For each line of `after`: which one of `before` it is, when it is context. Those stay as the file has them.
  std::vector<std::optional<std::size_t>> context;
  bool at_end = false;                // `before` ends the file
  std::optional<bool> final_newline;  // what "\ No newline at end of file" says of the new version
};

struct FilePatch {
  enum class Kind { add, update, remove };
  Kind kind = Kind::update;
  std::string path;
  std::string move_to;  // empty = stays
  bool copies = false;  // `path` stays as it is beside `move_to`
  std::string content;  // of an added file
  std::vector<Hunk> hunks;
  std::optional<mode_t> mode;  // permission bits, as git's headers name them
};

// Errors: invalid_argument, with the line that cannot be read and what was expected there.
Result<std::vector<FilePatch>> parse_patch(std::string_view text);

// The file with all hunks applied. Lines are compared exactly first, then without trailing and then without any
// surrounding white space, at last with typographic quotes and dashes as plain ones. Line ends, byte order mark and the
// missing end of the last line stay as they are in the file. Errors: conflict (says which line is where another was
// expected).
Result<std::string> apply_hunks(const std::string& content, const std::vector<Hunk>& hunks);

}  // namespace ottobot::sandboxd
