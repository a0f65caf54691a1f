#include <algorithm>

#include "sandboxd/patch.hpp"
#include "sandboxd/text.hpp"

namespace ottobot::sandboxd {
namespace {

// A file as lines without their ends.
struct LineFile {
  std::vector<std::string> lines;
  bool final_newline = true;
  bool crlf = false;
};

LineFile split_file(const std::string& content) {
  LineFile file;
  file.final_newline = content.empty() || content.back() == '\n';
  file.crlf = content.find("\r\n") != std::string::npos;
  for (std::string_view line : split_lines(content)) {
    if (line.back() == '\n') line.remove_suffix(1);
    if (file.crlf && !line.empty() && line.back() == '\r') line.remove_suffix(1);
    file.lines.emplace_back(line);
  }
  return file;
}

std::string join_file(const LineFile& file) {
  std::string content;
  std::string_view end = file.crlf ? "\r\n" : "\n";
  for (std::size_t line = 0; line < file.lines.size(); ++line) {
    content += file.lines[line];
    if (line + 1 < file.lines.size() || file.final_newline) content += end;
  }
  return content;
}

enum class Strictness { exact, trailing_space, any_space };

std::string_view strip(std::string_view line, Strictness strictness) {
  constexpr std::string_view kBlank = " \t\r";
  if (strictness == Strictness::exact) return line;
  std::size_t end = line.find_last_not_of(kBlank);
  line = line.substr(0, end == std::string_view::npos ? 0 : end + 1);
  if (strictness == Strictness::trailing_space) return line;
  std::size_t begin = line.find_first_not_of(kBlank);
  return begin == std::string_view::npos ? std::string_view{} : line.substr(begin);
}

bool matches_at(const std::vector<std::string>& lines, std::size_t at, const std::vector<std::string>& wanted,
                Strictness strictness) {
  if (at + wanted.size() > lines.size()) return false;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    if (strip(lines[at + i], strictness) != strip(wanted[i], strictness)) return false;
  }
  return true;
}

// The match at or after `from` that is nearest to `near`.
std::optional<std::size_t> find_lines(const std::vector<std::string>& lines, std::size_t from, std::size_t near,
                                      const Hunk& hunk) {
  for (Strictness strictness : {Strictness::exact, Strictness::trailing_space, Strictness::any_space}) {
    std::optional<std::size_t> best;
    auto distance = [near](std::size_t at) { return at > near ? at - near : near - at; };
    for (std::size_t at = from; at + hunk.before.size() <= lines.size(); ++at) {
      if (hunk.at_end && at + hunk.before.size() != lines.size()) continue;
      if (!matches_at(lines, at, hunk.before, strictness)) continue;
      if (!best || distance(at) < distance(*best)) best = at;
    }
    if (best) return best;
  }
  return std::nullopt;
}

std::optional<std::size_t> find_anchor(const std::vector<std::string>& lines, std::size_t from,
                                       const std::string& anchor) {
  for (std::size_t at = from; at < lines.size(); ++at) {
    if (strip(lines[at], Strictness::any_space) == strip(anchor, Strictness::any_space)) return at;
  }
  return std::nullopt;
}

Failure no_match(const Hunk& hunk) {
  std::string first = hunk.before.empty() ? hunk.anchor : hunk.before.front();
  return conflict("the patch does not fit: no place with the lines that start with '" + first.substr(0, 200) + "'",
                  "read the file again and write the patch against what is there");
}

// Line numbers of a patch speak of the file before its earlier hunks: `shift` is what those added.
std::size_t shifted(std::size_t line, std::ptrdiff_t shift) {
  return static_cast<std::size_t>(std::max<std::ptrdiff_t>(static_cast<std::ptrdiff_t>(line) + shift, 0));
}

// A hunk of added lines only goes where its anchor or numbers say, else to the end.
Result<std::size_t> place_of_addition(const LineFile& file, std::size_t from, const Hunk& hunk, std::ptrdiff_t shift) {
  if (!hunk.anchor.empty()) {
    const auto anchor = find_anchor(file.lines, from, hunk.anchor);
    if (!anchor) return no_match(hunk);
    return *anchor + 1;
  }
  if (!hunk.line) return file.lines.size();
  return std::clamp(shifted(*hunk.line, shift), from, file.lines.size());
}

// Where `before` is to be replaced.
Result<std::size_t> place_of(const LineFile& file, std::size_t from, const Hunk& hunk, std::ptrdiff_t shift) {
  if (hunk.before.empty()) return place_of_addition(file, from, hunk, shift);
  std::optional<std::size_t> anchor;
  if (!hunk.anchor.empty()) anchor = find_anchor(file.lines, from, hunk.anchor);
  if (anchor) from = *anchor + 1;
  auto at = find_lines(file.lines, from, hunk.line ? shifted(*hunk.line, shift) : from, hunk);
  if (!at && anchor) at = find_lines(file.lines, *anchor, *anchor, hunk);  // the anchor is repeated as context
  if (!at) return no_match(hunk);
  return *at;
}

}  // namespace

Result<std::string> apply_hunks(const std::string& content, const std::vector<Hunk>& hunks) {
  LineFile file = split_file(content);
  std::size_t from = 0;
  std::ptrdiff_t shift = 0;
  for (const Hunk& hunk : hunks) {
    auto at = place_of(file, from, hunk, shift);
    if (!at) return fail(at.error());
    auto begin = file.lines.begin() + static_cast<std::ptrdiff_t>(*at);
    auto after = file.lines.erase(begin, begin + static_cast<std::ptrdiff_t>(hunk.before.size()));
    file.lines.insert(after, hunk.after.begin(), hunk.after.end());
    from = *at + hunk.after.size();
    shift += static_cast<std::ptrdiff_t>(hunk.after.size()) - static_cast<std::ptrdiff_t>(hunk.before.size());
    bool last_line_changes = hunk.before.empty() || hunk.after.empty() || hunk.before.back() != hunk.after.back();
    if (from == file.lines.size() && (hunk.final_newline || last_line_changes)) {
      file.final_newline = hunk.final_newline.value_or(true);
    }
  }
  return join_file(file);
}

}  // namespace ottobot::sandboxd
