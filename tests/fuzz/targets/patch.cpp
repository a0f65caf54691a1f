// A file and a patch, apart by a line of "=====".
#include "sandboxd/patch.hpp"

#include "fuzz/property.hpp"
#include "fuzz/targets.hpp"

namespace ottobot::fuzz {
namespace {

// Everything that a patch says, as one text.
std::string summary(const Result<std::vector<sandboxd::FilePatch>>& patches) {
  if (!patches) return patches.error().message;
  std::string text;
  for (const auto& patch : *patches) {
    text += std::to_string(static_cast<int>(patch.kind)) + patch.path + "|" + patch.move_to + "|" +
            std::to_string(patch.copies) + std::to_string(patch.mode.value_or(07777)) + "|" + patch.content;
    for (const auto& hunk : patch.hunks) {
      text += "@" + std::to_string(hunk.patch_line) + "," + std::to_string(hunk.line.value_or(0));
      for (const auto& line : hunk.anchors) text += "@" + line + "\n";
      for (const auto& line : hunk.before) text += "-" + line + "\n";
      for (const auto& line : hunk.after) text += "+" + line + "\n";
    }
  }
  return text;
}

std::string with_crlf(std::string_view text) {
  std::string changed;
  for (const char c : text) changed += c == '\n' ? std::string("\r\n") : std::string(1, c);
  return changed;
}

void check(const sandboxd::FilePatch& patch, const std::string& file) {
  require(!patch.path.empty(), "a patch names its file");
  for (const auto& hunk : patch.hunks) {
    require(hunk.context.size() == hunk.after.size(), "every new line is known as context or not");
  }
  const auto patched = sandboxd::apply_hunks(file, patch.hunks);
  require(patched || !patched.error().message.empty(), "what does not fit says why");
  if (patched && patch.hunks.empty()) require(*patched == file, "no hunks change nothing");
}

}  // namespace

void patch(std::string_view input) {
  const auto [file, text] = halves_of(input, "\n=====\n");
  const auto patches = sandboxd::parse_patch(text);
  if (text.find('\r') == std::string_view::npos) {
    const std::string other = with_crlf(text);
    require(summary(patches) == summary(sandboxd::parse_patch(other)), "line ends do not change what a patch says");
  }
  if (!patches) return;
  require(!patches->empty(), "a patch changes something");
  for (const auto& each : *patches) check(each, std::string(file));
}

}  // namespace ottobot::fuzz
