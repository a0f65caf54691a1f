// Unified diffs, as diff -u and git write them.
#include <charconv>

#include "sandboxd/patch_lines.hpp"

namespace ottobot::sandboxd {
namespace {

// git quotes a path with special characters as C does.
std::string unquote(std::string_view text) {
  std::string path;
  for (std::size_t i = 1; i < text.size() && text[i] != '"'; ++i) {
    if (text[i] != '\\' || i + 1 >= text.size()) {
      path += text[i];
      continue;
    }
    ++i;
    unsigned value = 0;
    auto [end, error] = std::from_chars(text.data() + i, text.data() + std::min(i + 3, text.size()), value, 8);
    if (error == std::errc{} && end == text.data() + i + 3) {
      path += static_cast<char>(value);
      i += 2;
    } else {
      path += text[i] == 'n' ? '\n' : text[i] == 't' ? '\t' : text[i];
    }
  }
  return path;
}

// Of a "---", "+++", "rename from" … line; "" for /dev/null.
std::string header_path(std::string_view field) {
  std::string_view path = trim(field.substr(0, field.find('\t')));
  if (path == "/dev/null") return {};
  return starts_with(path, "\"") ? unquote(path) : std::string(path);
}

// git's "a/" and "b/" go only where both stand.
void drop_prefixes(std::string& old_path, std::string& new_path) {
  const bool old_has = old_path.empty() || starts_with(old_path, "a/");
  const bool new_has = new_path.empty() || starts_with(new_path, "b/");
  if (!old_has || !new_has) return;
  if (!old_path.empty()) old_path.erase(0, 2);
  if (!new_path.empty()) new_path.erase(0, 2);
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

bool is_file_header(const PatchLines& lines) {
  return starts_with(lines.peek(), "--- ") && starts_with(lines.peek(1), "+++ ");
}

// A line that can only belong to the hunk above it.
bool is_left_over(const PatchLines& lines) {
  std::string_view line = lines.peek();
  if (line.empty() || line == "-- " || is_file_header(lines)) return false;
  return line.front() == '+' || line.front() == '-' || (line.front() == ' ' && !trim(line).empty());
}

std::string counts(std::size_t old_count, std::size_t new_count) {
  return std::to_string(old_count) + " old and " + std::to_string(new_count) + " new lines";
}

Failure miscounted(PatchLines& lines, Hunk& hunk, const HunkRange& range) {
  const std::size_t number = lines.number();
  while (is_left_over(lines)) take_body_line(lines, hunk);
  return PatchLines::unreadable_at(number, "the hunk of line " + std::to_string(hunk.patch_line) + " announces " +
                                               counts(range.old_count, range.new_count) + ", but has " +
                                               counts(hunk.before.size(), hunk.after.size()));
}

// "\ No newline at end of file" speaks of the version that the line above it belongs to.
void take_newline_mark(PatchLines& lines, Hunk& hunk, char sign_above) {
  if (lines.take_after("\\")) hunk.final_newline = sign_above == '-';
}

Result<Hunk> take_hunk(PatchLines& lines) {
  auto range = parse_range(lines.peek());
  if (!range) return lines.unreadable("'@@ -line,count +line,count @@'");
  Hunk hunk;
  hunk.patch_line = lines.number();
  lines.take();
  // Lines that are only added stand behind the line that is named; others begin at it.
  const bool only_adds = range->old_count == 0;
  hunk.line = only_adds || range->old_start == 0 ? range->old_start : range->old_start - 1;
  while (hunk.before.size() < range->old_count || hunk.after.size() < range->new_count) {
    const char sign = lines.peek().empty() ? ' ' : lines.peek().front();
    if (lines.done() || starts_with(lines.peek(), "@@") || is_file_header(lines) || !take_body_line(lines, hunk)) {
      return miscounted(lines, hunk, *range);
    }
    take_newline_mark(lines, hunk, sign);
  }
  if (hunk.before.size() != range->old_count || hunk.after.size() != range->new_count || is_left_over(lines)) {
    return miscounted(lines, hunk, *range);
  }
  return hunk;
}

// What stands between "diff --git" and the hunks.
struct GitHeader {
  std::string path;  // of "diff --git a/PATH b/PATH", when both are the same
  std::string from, to;
  bool adds = false, removes = false, copies = false;
  std::optional<mode_t> mode;
};

std::string git_path(std::string_view names) {
  if (starts_with(names, "\"")) {
    std::string path = unquote(names);
    return path.substr(std::min<std::size_t>(2, path.size()));
  }
  // "a/P b/P": both halves name the same file.
  if (names.size() < 5 || names.size() % 2 == 0) return {};
  std::string_view path = names.substr(2, names.size() / 2 - 2);
  return names.substr(names.size() / 2 + 3) == path ? std::string(path) : "";
}

Result<std::optional<mode_t>> permissions(const PatchLines& lines, const std::string& octal) {
  unsigned mode = 0;
  auto [end, error] = std::from_chars(octal.data(), octal.data() + octal.size(), mode, 8);
  if (error != std::errc{}) return lines.unreadable("a file mode in the line above");
  if ((mode & 0170000U) != 0100000U) {
    return PatchLines::unreadable_at(lines.number() - 1,
                                     "only plain files can be patched; make links and folders with a command");
  }
  return std::optional<mode_t>(mode & 0777U);
}

Result<GitHeader> take_git_header(PatchLines& lines) {
  GitHeader header;
  header.path = git_path(lines.take().substr(std::string_view("diff --git ").size()));
  while (!lines.done() && !is_file_header(lines) && !starts_with(lines.peek(), "diff --git ")) {
    if (starts_with(lines.peek(), "GIT binary patch") || starts_with(lines.peek(), "Binary files ")) {
      return PatchLines::unreadable_at(lines.number(), "binary changes cannot be applied; use a command");
    }
    auto created = lines.take_after("new file mode ");
    auto changed = created ? created : lines.take_after("new mode ");
    if (changed) {
      auto mode = permissions(lines, *changed);
      if (!mode) return fail(mode.error());
      header.mode = *mode;
      header.adds = created.has_value();
    } else if (lines.take_after("deleted file mode ")) {
      header.removes = true;
    } else if (auto from = lines.take_after("rename from ")) {
      header.from = header_path(*from);
    } else if (auto source = lines.take_after("copy from ")) {
      header.from = header_path(*source);
      header.copies = true;
    } else if (auto to = lines.take_after("rename to ")) {
      header.to = header_path(*to);
    } else if (auto target = lines.take_after("copy to ")) {
      header.to = header_path(*target);
    } else if (starts_with(lines.peek(), "@@")) {
      return lines.unreadable("'--- FILE' before the first hunk");
    } else {
      lines.take();  // "index …", "similarity index …", "old mode …"
    }
  }
  return header;
}

void set_added_content(FilePatch& patch) {
  for (const Hunk& hunk : patch.hunks) {
    for (const std::string& line : hunk.after) patch.content += line + "\n";
    if (hunk.final_newline == false && !patch.content.empty()) patch.content.pop_back();
  }
  patch.hunks.clear();
}

Result<FilePatch> take_file(PatchLines& lines) {
  std::string old_path = header_path(lines.take().substr(4));
  std::string new_path = header_path(lines.take().substr(4));
  drop_prefixes(old_path, new_path);
  if (old_path.empty() && new_path.empty()) return lines.unreadable("a file other than /dev/null in the lines above");
  FilePatch patch;
  while (starts_with(lines.peek(), "@@")) {
    auto hunk = take_hunk(lines);
    if (!hunk) return fail(hunk.error());
    patch.hunks.push_back(std::move(*hunk));
  }
  patch.path = old_path.empty() ? new_path : old_path;
  if (new_path.empty()) {
    patch.kind = FilePatch::Kind::remove;
  } else if (old_path.empty()) {
    patch.kind = FilePatch::Kind::add;
    set_added_content(patch);
  } else {
    if (patch.hunks.empty()) return lines.unreadable("'@@ -line,count +line,count @@'");
    if (old_path != new_path) patch.move_to = new_path;
  }
  return patch;
}

// A file of git's form that has no "---" line: renamed, empty, or with another mode only.
Result<FilePatch> bare_file(const GitHeader& header, std::size_t number) {
  FilePatch patch;
  patch.path = header.from.empty() ? header.path : header.from;
  patch.move_to = header.to;
  if (header.adds) patch.kind = FilePatch::Kind::add;
  if (header.removes) patch.kind = FilePatch::Kind::remove;
  const bool changes = header.adds || header.removes || header.mode || !header.to.empty();
  if (patch.path.empty() || !changes) {
    return PatchLines::unreadable_at(number, "'diff --git' is followed by no change");
  }
  return patch;
}

Result<FilePatch> take_git_file(PatchLines& lines) {
  const std::size_t number = lines.number();
  auto header = take_git_header(lines);
  if (!header) return fail(header.error());
  auto patch = is_file_header(lines) ? take_file(lines) : bare_file(*header, number);
  if (!patch) return patch;
  patch->mode = header->mode;
  patch->copies = header->copies;
  return patch;
}

}  // namespace

Result<std::vector<FilePatch>> parse_unified(PatchLines& lines) {
  std::vector<FilePatch> patches;
  while (!lines.done()) {
    const bool git = starts_with(lines.peek(), "diff --git ");
    if (!git && !starts_with(lines.peek(), "--- ")) {
      if (starts_with(lines.peek(), "@@")) return lines.unreadable("'--- FILE' before the first hunk");
      lines.take();  // "diff -u …", "Index: …", prose
      continue;
    }
    if (!git && !is_file_header(lines)) {
      lines.take();
      return lines.unreadable("'+++ FILE'");
    }
    auto patch = git ? take_git_file(lines) : take_file(lines);
    if (!patch) return fail(patch.error());
    patches.push_back(std::move(*patch));
  }
  return patches;
}

}  // namespace ottobot::sandboxd
