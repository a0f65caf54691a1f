// Patches as models write them: "*** Begin Patch" … "*** End Patch", and unified diffs. Pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ottobot/error.hpp"

namespace ottobot::sandboxd {

struct Hunk {
  std::string anchor;                      // text of a line above the change ("@@ class X"); empty if none
  std::optional<std::size_t> line;         // 0-based place that a unified diff names
  std::vector<std::string> before, after;  // context and removed lines; context and added lines
  bool at_end = false;                     // `before` ends the file
  std::optional<bool> final_newline;       // what "\ No newline at end of file" says of the new version
};

struct FilePatch {
  enum class Kind { add, update, remove };
  Kind kind = Kind::update;
  std::string path;
  std::string move_to;  // empty = stays
  std::string content;  // of an added file
  std::vector<Hunk> hunks;
};

// Errors: invalid_argument, with the line that cannot be read.
Result<std::vector<FilePatch>> parse_patch(std::string_view text);

// The file with all hunks applied. Lines are compared exactly first, then without trailing and then without any
// surrounding white space; line ends of the file are kept. Errors: conflict (names the first line that is not there).
Result<std::string> apply_hunks(const std::string& content, const std::vector<Hunk>& hunks);

}  // namespace ottobot::sandboxd
