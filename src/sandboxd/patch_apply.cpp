#include <algorithm>
#include <cstdint>

#include "ottobot/json.hpp"
#include "sandboxd/line_match.hpp"
#include "sandboxd/patch.hpp"

namespace ottobot::sandboxd {
namespace {

std::string in_quotes(const std::string& line) {
  return "'" + to_valid_utf8(std::string_view(line).substr(0, 200)) + "'";
}

Failure does_not_fit(const Hunk& hunk, const std::string& why) {
  return conflict("the hunk at line " + std::to_string(hunk.patch_line) + " of the patch does not fit: " + why,
                  "read the file again and write the patch against what is there");
}

Failure no_match(const LineFile& file, std::size_t from, const Hunk& hunk) {
  if (auto above = find_lines(file.lines, {hunk.before, 0, 0, hunk.at_end}); above && *above < from) {
    return does_not_fit(hunk, "its lines are at line " + std::to_string(*above + 1) + ", before line " +
                                  std::to_string(from + 1) + " where the search begins; hunks go from top to bottom");
  }
  auto near = find_nearest(file.lines, hunk.before);
  if (!near)
    return does_not_fit(hunk, "the file has none of its lines; the first is " + in_quotes(hunk.before.front()));
  const std::string best = "it fits best at line " + std::to_string(near->at + 1) + ", but ";
  if (near->differs_index == hunk.before.size()) return does_not_fit(hunk, best + "not at the end of the file");
  const std::string& expected = hunk.before[near->differs_index];
  const std::size_t at = near->at + near->differs_index;
  if (at >= file.lines.size()) return does_not_fit(hunk, best + "the file ends where it has " + in_quotes(expected));
  return does_not_fit(hunk, best + "line " + std::to_string(at + 1) + " is " + in_quotes(file.lines[at]) +
                                " where it has " + in_quotes(expected));
}

// Line numbers of a patch speak of the file before its earlier hunks: `shift` is what those added. A patch may name any
// number; what is beyond every file stays there.
std::size_t shifted(std::size_t line, std::ptrdiff_t shift) {
  constexpr std::ptrdiff_t kBeyond = PTRDIFF_MAX / 2;
  const std::ptrdiff_t from = static_cast<std::ptrdiff_t>(std::min<std::size_t>(line, kBeyond));
  return static_cast<std::size_t>(std::max<std::ptrdiff_t>(from + shift, 0));
}

// The line of the innermost anchor; nullopt when one of them is not there.
std::optional<std::size_t> find_anchor(const LineFile& file, std::size_t from, const Hunk& hunk) {
  std::optional<std::size_t> at;
  for (const std::string& anchor : hunk.anchors) {
    at = find_line(file.lines, at ? *at + 1 : from, anchor);
    if (!at) return std::nullopt;
  }
  return at;
}

Failure no_anchor(const Hunk& hunk) {
  return does_not_fit(hunk, "the file has no line " + in_quotes(hunk.anchors.back()) + " to find its place by");
}

// A hunk of added lines only goes where its anchor or numbers say, else to the end.
Result<std::size_t> place_of_addition(const LineFile& file, std::size_t from, const Hunk& hunk, std::ptrdiff_t shift) {
  if (!hunk.anchors.empty()) {
    const auto anchor = find_anchor(file, from, hunk);
    if (!anchor) return no_anchor(hunk);
    return *anchor + 1;
  }
  if (!hunk.line) return file.lines.size();
  return std::clamp(shifted(*hunk.line, shift), from, file.lines.size());
}

// Without its anchor a hunk may only go where no other place would do.
Result<std::size_t> only_place_of(const LineFile& file, std::size_t from, const Hunk& hunk) {
  auto at = find_lines(file.lines, {hunk.before, from, from, hunk.at_end});
  if (!at || find_lines(file.lines, {hunk.before, *at + 1, *at, hunk.at_end})) return no_anchor(hunk);
  return *at;
}

// Where `before` is to be replaced.
Result<std::size_t> place_of(const LineFile& file, std::size_t from, const Hunk& hunk, std::ptrdiff_t shift) {
  if (hunk.before.empty()) return place_of_addition(file, from, hunk, shift);
  const auto anchor = find_anchor(file, from, hunk);
  if (!anchor && !hunk.anchors.empty()) return only_place_of(file, from, hunk);
  const std::size_t begin = anchor ? *anchor + 1 : from;
  auto at = find_lines(file.lines, {hunk.before, begin, hunk.line ? shifted(*hunk.line, shift) : begin, hunk.at_end});
  // The anchor is repeated as context.
  if (!at && anchor) at = find_lines(file.lines, {hunk.before, *anchor, *anchor, hunk.at_end});
  if (!at) return no_match(file, begin, hunk);
  return *at;
}

// An empty line at the end of a hunk is often one of the patch's own layout.
std::optional<Hunk> without_last_empty_line(const Hunk& hunk) {
  const bool is_context = !hunk.context.empty() && hunk.context.back() == hunk.before.size() - 1;
  if (hunk.before.size() < 2 || !is_context || !hunk.before.back().empty()) return std::nullopt;
  Hunk shorter = hunk;
  shorter.before.pop_back();
  shorter.after.pop_back();
  shorter.context.pop_back();
  return shorter;
}

// Puts the new lines in place of the `before` ones at `at`; context stays as the file has it.
void replace_lines(LineFile& file, std::size_t at, const Hunk& hunk) {
  Lines lines;
  std::vector<char> crlf;
  for (std::size_t i = 0; i < hunk.after.size(); ++i) {
    const auto& kept = hunk.context[i];
    lines.push_back(kept ? file.lines[at + *kept] : hunk.after[i]);
    crlf.push_back(kept ? file.crlf[at + *kept] : static_cast<char>(file.mostly_crlf));
  }
  const bool at_end = at + hunk.before.size() == file.lines.size();
  auto splice = [&](auto& all, const auto& part) {
    auto begin = all.begin() + static_cast<std::ptrdiff_t>(at);
    auto rest = all.erase(begin, begin + static_cast<std::ptrdiff_t>(hunk.before.size()));
    all.insert(rest, part.begin(), part.end());
  };
  splice(file.lines, lines);
  splice(file.crlf, crlf);
  if (at_end) file.final_newline = hunk.final_newline.value_or(file.final_newline);
}

}  // namespace

Result<std::string> apply_hunks(const std::string& content, const std::vector<Hunk>& hunks) {
  LineFile file = split_file(content);
  std::size_t from = 0;
  std::ptrdiff_t shift = 0;
  for (const Hunk& given : hunks) {
    Hunk hunk = given;
    auto at = place_of(file, from, hunk, shift);
    if (auto shorter = at ? std::nullopt : without_last_empty_line(given)) {
      if (auto second = place_of(file, from, *shorter, shift)) {
        hunk = std::move(*shorter);
        at = second;
      }
    }
    if (!at) return fail(at.error());
    replace_lines(file, *at, hunk);
    from = *at + hunk.after.size();
    shift += static_cast<std::ptrdiff_t>(hunk.after.size()) - static_cast<std::ptrdiff_t>(hunk.before.size());
  }
  return join_file(file);
}

}  // namespace ottobot::sandboxd
