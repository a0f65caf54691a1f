// The "*** Begin Patch" form, and which of the two forms a text has.
#include "sandboxd/patch_lines.hpp"

namespace ottobot::sandboxd {
namespace {

constexpr std::string_view kBegin = "*** Begin Patch";
constexpr std::string_view kHeaders =
    "'*** Add File: PATH', '*** Update File: PATH', '*** Delete File: PATH' or '*** End Patch'";

bool hunk_ends(const PatchLines& lines) {
  return lines.done() || starts_with(lines.peek(), "***") || starts_with(lines.peek(), "@@");
}

// Some write unified headers here: their numbers are rarely right, their text may be.
std::string anchor_text(const std::string& header) {
  std::size_t end = header.rfind("@@");
  if (!starts_with(header, "-") || end == std::string::npos) return header;
  return std::string(trim(std::string_view(header).substr(end + 2)));
}

Result<Hunk> take_hunk(PatchLines& lines) {
  Hunk hunk;
  hunk.patch_line = lines.number();
  while (auto header = lines.take_after("@@")) {
    if (std::string anchor = anchor_text(*header); !anchor.empty()) hunk.anchors.push_back(std::move(anchor));
  }
  while (!hunk_ends(lines)) {
    if (!take_body_line(lines, hunk)) return lines.unreadable("a line that starts with ' ', '-' or '+'");
  }
  if (lines.take_after("*** End of File")) hunk.at_end = true;
  if (hunk.before.empty() && hunk.after.empty()) return lines.unreadable("lines that start with ' ', '-' or '+'");
  return hunk;
}

Result<void> take_added(PatchLines& lines, FilePatch& patch) {
  while (!lines.done() && !starts_with(lines.peek(), "***")) {
    if (starts_with(lines.peek(), "+")) {
      patch.content += std::string(lines.take().substr(1)) + "\n";
    } else if (trim(lines.peek()).empty() && (starts_with(lines.peek(1), "***") || trim(lines.peek(1)).empty())) {
      lines.take();  // blank lines before the next header
    } else {
      return lines.unreadable("a line of the new file, starting with '+'");
    }
  }
  return {};
}

Result<void> take_updates(PatchLines& lines, FilePatch& patch) {
  const std::size_t begin = lines.number();
  if (auto target = lines.take_after("*** Move to:")) patch.move_to = *target;
  while (!lines.done() && !starts_with(lines.peek(), "***")) {
    auto hunk = take_hunk(lines);
    if (!hunk) return fail(hunk.error());
    patch.hunks.push_back(std::move(*hunk));
  }
  if (patch.hunks.empty() && patch.move_to.empty()) {
    return PatchLines::unreadable_at(begin, "'*** Update File: " + patch.path + "' has no changes below it");
  }
  return {};
}

Result<FilePatch> take_section(PatchLines& lines) {
  FilePatch patch;
  const std::size_t header = lines.number();
  Result<void> body;
  if (auto removed = lines.take_after("*** Delete File:")) {
    patch.kind = FilePatch::Kind::remove;
    patch.path = *removed;
  } else if (auto added = lines.take_after("*** Add File:")) {
    patch.kind = FilePatch::Kind::add;
    patch.path = *added;
    body = take_added(lines, patch);
  } else if (auto updated = lines.take_after("*** Update File:")) {
    patch.path = *updated;
    body = take_updates(lines, patch);
  } else {
    return lines.unreadable(kHeaders);
  }
  if (patch.path.empty()) return PatchLines::unreadable_at(header, "expected the path of a file");
  if (!body) return fail(body.error());
  return patch;
}

}  // namespace

Result<std::vector<FilePatch>> parse_sections(PatchLines& lines) {
  std::vector<FilePatch> patches;
  while (!lines.done()) {
    if (trim(lines.peek()).empty()) {
      lines.take();
      continue;
    }
    if (lines.take_after("*** End Patch")) return patches;
    auto patch = take_section(lines);
    if (!patch) return fail(patch.error());
    patches.push_back(std::move(*patch));
  }
  return lines.unreadable("'*** End Patch'");
}

Result<std::vector<FilePatch>> parse_patch(std::string_view text) {
  PatchLines lines(text);
  // Models wrap patches into code fences and shell commands.
  const bool sections = lines.skip_to(kBegin);
  if (sections) lines.take();
  auto patches = sections ? parse_sections(lines) : parse_unified(lines);
  if (patches && patches->empty()) {
    return invalid_argument("the patch names no file to change",
                            "write '*** Begin Patch' … '*** End Patch' or a unified diff");
  }
  return patches;
}

}  // namespace ottobot::sandboxd
