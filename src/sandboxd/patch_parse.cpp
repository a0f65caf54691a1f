#include <charconv>

#include "sandboxd/patch.hpp"
#include "sandboxd/text.hpp"

namespace ottobot::sandboxd {
namespace {

bool starts_with(std::string_view text, std::string_view prefix) { return text.substr(0, prefix.size()) == prefix; }

std::string_view trim(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r\n";
  std::size_t begin = text.find_first_not_of(kBlank);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlank) - begin + 1);
}

// The lines of a patch, without their ends.
class PatchLines {
 public:
  explicit PatchLines(std::string_view text) : lines_(split_lines(text)) {
    for (std::string_view& line : lines_) {
      if (!line.empty() && line.back() == '\n') line.remove_suffix(1);
      if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    }
  }
  bool done() const { return next_ >= lines_.size(); }
  std::string_view peek() const { return done() ? std::string_view{} : lines_[next_]; }
  std::string_view peek_second() const { return next_ + 1 < lines_.size() ? lines_[next_ + 1] : std::string_view{}; }
  std::string_view take() { return lines_[next_++]; }
  Failure unreadable(std::string_view expected) const {
    std::size_t number = done() ? next_ : next_ + 1;
    return invalid_argument("the patch cannot be read at line " + std::to_string(number) + ": expected " +
                            std::string(expected) + ", found '" + std::string(peek().substr(0, 120)) + "'");
  }
  // Drops `prefix` and takes the rest of the line, when the line starts so.
  std::optional<std::string> take_after(std::string_view prefix) {
    if (done() || !starts_with(peek(), prefix)) return std::nullopt;
    return std::string(trim(take().substr(prefix.size())));
  }

 private:
  std::vector<std::string_view> lines_;
  std::size_t next_ = 0;
};

void add_to_both(Hunk& hunk, std::string_view line) {
  hunk.before.emplace_back(line);
  hunk.after.emplace_back(line);
}

// One line of a hunk's body; false when it is none.
bool take_body_line(PatchLines& lines, Hunk& hunk) {
  std::string_view line = lines.peek();
  // Models drop the space of empty context lines.
  if (line.empty()) {
    add_to_both(hunk, line);
  } else if (line.front() == ' ') {
    add_to_both(hunk, line.substr(1));
  } else if (line.front() == '-') {
    hunk.before.emplace_back(line.substr(1));
  } else if (line.front() == '+') {
    hunk.after.emplace_back(line.substr(1));
  } else {
    return false;
  }
  lines.take();
  return true;
}

// "*** Begin Patch" format -------------------------------------------------------------------------------------------

Result<Hunk> take_section_hunk(PatchLines& lines) {
  Hunk hunk;
  if (auto anchor = lines.take_after("@@")) {
    hunk.anchor = *anchor;
    // Some write unified headers here; their numbers are rarely right, their text may be.
    if (std::size_t end = hunk.anchor.rfind("@@"); starts_with(hunk.anchor, "-") && end != std::string::npos) {
      hunk.anchor = std::string(trim(std::string_view(hunk.anchor).substr(end + 2)));
    }
  }
  while (!lines.done() && !starts_with(lines.peek(), "***") && !starts_with(lines.peek(), "@@")) {
    if (!take_body_line(lines, hunk)) return lines.unreadable("a line that starts with ' ', '-' or '+'");
  }
  if (lines.take_after("*** End of File")) hunk.at_end = true;
  if (hunk.before.empty() && hunk.after.empty() && hunk.anchor.empty()) return lines.unreadable("a change");
  return hunk;
}

Result<FilePatch> take_section(PatchLines& lines) {
  FilePatch patch;
  if (auto path = lines.take_after("*** Delete File:")) {
    patch.kind = FilePatch::Kind::remove;
    patch.path = *path;
    return patch;
  }
  if (auto path = lines.take_after("*** Add File:")) {
    patch.kind = FilePatch::Kind::add;
    patch.path = *path;
    while (starts_with(lines.peek(), "+")) patch.content += std::string(lines.take().substr(1)) + "\n";
    return patch;
  }
  auto path = lines.take_after("*** Update File:");
  if (!path) return lines.unreadable("'*** Add File:', '*** Update File:', '*** Delete File:' or '*** End Patch'");
  patch.path = *path;
  if (auto target = lines.take_after("*** Move to:")) patch.move_to = *target;
  while (!lines.done() && !starts_with(lines.peek(), "***")) {
    auto hunk = take_section_hunk(lines);
    if (!hunk) return fail(hunk.error());
    if (!hunk->before.empty() || !hunk->after.empty()) {
      patch.hunks.push_back(std::move(*hunk));
    } else if (starts_with(lines.peek(), "@@")) {
      // "@@ class" above "@@ method": the inner one is the closer anchor.
      continue;
    }
  }
  return patch;
}

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
    if (patch->path.empty()) return lines.unreadable("a file name");
    patches.push_back(std::move(*patch));
  }
  return lines.unreadable("'*** End Patch'");
}

// Unified format -----------------------------------------------------------------------------------------------------

std::string header_path(std::string_view field) {
  std::string_view path = trim(field.substr(0, field.find('\t')));
  if (path == "/dev/null") return {};
  if (starts_with(path, "a/") || starts_with(path, "b/")) path.remove_prefix(2);
  return std::string(path);
}

// The numbers of "@@ -start,count +start,count @@".
struct HunkRange {
  std::size_t old_start = 1, old_count = 1, new_count = 1;
};

std::optional<HunkRange> parse_range(std::string_view header) {
  HunkRange range;
  auto number = [&header](std::size_t& value) {
    auto [end, error] = std::from_chars(header.data(), header.data() + header.size(), value);
    header.remove_prefix(static_cast<std::size_t>(end - header.data()));
    return error == std::errc{};
  };
  auto skip = [&header](std::string_view text) {
    if (!starts_with(header, text)) return false;
    header.remove_prefix(text.size());
    return true;
  };
  if (!skip("@@ -") || !number(range.old_start)) return std::nullopt;
  if (skip(",") && !number(range.old_count)) return std::nullopt;
  std::size_t new_start = 0;
  if (!skip(" +") || !number(new_start)) return std::nullopt;
  if (skip(",") && !number(range.new_count)) return std::nullopt;
  return range;
}

Result<Hunk> take_unified_hunk(PatchLines& lines) {
  auto range = parse_range(lines.peek());
  if (!range) return lines.unreadable("'@@ -line,count +line,count @@'");
  lines.take();
  Hunk hunk;
  // Lines that are only added stand behind the line that is named; others begin at it.
  const bool only_adds = range->old_count == 0;
  hunk.line = only_adds || range->old_start == 0 ? range->old_start : range->old_start - 1;
  bool removed_last = false;
  while (!lines.done() && (hunk.before.size() < range->old_count || hunk.after.size() < range->new_count)) {
    removed_last = starts_with(lines.peek(), "-");
    if (lines.take_after("\\")) continue;
    if (!take_body_line(lines, hunk)) return lines.unreadable("a line that starts with ' ', '-' or '+'");
  }
  if (hunk.before.size() != range->old_count || hunk.after.size() != range->new_count) {
    return lines.unreadable("as many lines as the hunk's header says");
  }
  if (lines.take_after("\\") && !removed_last) hunk.final_newline = false;
  return hunk;
}

Result<FilePatch> take_unified_file(PatchLines& lines) {
  std::string old_path = header_path(lines.take().substr(4));
  if (!starts_with(lines.peek(), "+++ ")) return lines.unreadable("'+++ FILE'");
  std::string new_path = header_path(lines.take().substr(4));
  if (old_path.empty() && new_path.empty()) return lines.unreadable("a file name other than /dev/null");
  FilePatch patch;
  while (starts_with(lines.peek(), "@@")) {
    auto hunk = take_unified_hunk(lines);
    if (!hunk) return fail(hunk.error());
    patch.hunks.push_back(std::move(*hunk));
  }
  patch.path = old_path.empty() ? new_path : old_path;
  if (new_path.empty()) {
    patch.kind = FilePatch::Kind::remove;
  } else if (old_path.empty()) {
    patch.kind = FilePatch::Kind::add;
    for (const Hunk& hunk : patch.hunks) {
      for (const std::string& line : hunk.after) patch.content += line + "\n";
      if (hunk.final_newline == false && !patch.content.empty()) patch.content.pop_back();
    }
    patch.hunks.clear();
  } else if (old_path != new_path) {
    patch.move_to = new_path;
  }
  return patch;
}

// A rename without changes has no "---" line.
Result<FilePatch> take_rename(PatchLines& lines) {
  FilePatch patch;
  patch.path = lines.take_after("rename from ").value_or("");
  auto target = lines.take_after("rename to ");
  if (!target) return lines.unreadable("'rename to FILE'");
  patch.move_to = *target;
  return patch;
}

Result<std::vector<FilePatch>> parse_unified(PatchLines& lines) {
  std::vector<FilePatch> patches;
  while (!lines.done()) {
    bool header = starts_with(lines.peek(), "--- ");
    bool rename = starts_with(lines.peek(), "rename from ");
    if (!header && !rename) {
      if (starts_with(lines.peek(), "@@")) return lines.unreadable("'--- FILE' before the first hunk");
      lines.take();  // "diff --git …", "index …", prose
      continue;
    }
    auto patch = header ? take_unified_file(lines) : take_rename(lines);
    if (!patch) return fail(patch.error());
    // "rename from/to" is followed by the changes, which name both files again.
    if (!patches.empty() && !patches.back().move_to.empty() && patches.back().path == patch->path) patches.pop_back();
    patches.push_back(std::move(*patch));
  }
  return patches;
}

}  // namespace

Result<std::vector<FilePatch>> parse_patch(std::string_view text) {
  PatchLines lines(text);
  while (!lines.done() && trim(lines.peek()).empty()) lines.take();
  bool sections = lines.take_after("*** Begin Patch").has_value();
  auto patches = sections ? parse_sections(lines) : parse_unified(lines);
  if (patches && patches->empty()) {
    return invalid_argument("the patch changes nothing", "write '*** Begin Patch' … '*** End Patch' or a unified diff");
  }
  return patches;
}

}  // namespace ottobot::sandboxd
