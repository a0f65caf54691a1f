#include "sandboxd/line_match.hpp"

#include <algorithm>

#include "sandboxd/patch_lines.hpp"
#include "sandboxd/text.hpp"

namespace ottobot::sandboxd {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
constexpr std::size_t kMaxComparisons = 5'000'000;  // for a message is not worth more

enum class Strictness { exact, trailing_space, any_space, plain_punctuation };

struct Typographic {
  std::string_view fancy, plain;
};
constexpr Typographic kTypographic[] = {
    {"\u2018", "'"},  {"\u2019", "'"},  {"\u201A", "'"}, {"\u201B", "'"}, {"\u201C", "\""},
    {"\u201D", "\""}, {"\u201E", "\""}, {"\u2010", "-"}, {"\u2011", "-"}, {"\u2012", "-"},
    {"\u2013", "-"},  {"\u2014", "-"},  {"\u2015", "-"}, {"\u2212", "-"}, {"\u00A0", " "},
    {"\u2002", " "},  {"\u2003", " "},  {"\u2009", " "}, {"\u202F", " "}, {"\u3000", " "},
};

std::string plain_punctuation(std::string_view line) {
  std::string plain;
  while (!line.empty()) {
    auto found = std::find_if(std::begin(kTypographic), std::end(kTypographic),
                              [&](const Typographic& one) { return starts_with(line, one.fancy); });
    const bool fancy = found != std::end(kTypographic);
    plain.append(fancy ? found->plain : line.substr(0, 1));
    line.remove_prefix(fancy ? found->fancy.size() : 1);
  }
  return plain;
}

std::string_view strip(std::string_view line, Strictness strictness) {
  if (strictness == Strictness::exact) return line;
  if (strictness != Strictness::trailing_space) return trim(line);
  std::size_t end = line.find_last_not_of(" \t\r");
  return line.substr(0, end == std::string_view::npos ? 0 : end + 1);
}

bool same_line(std::string_view one, std::string_view other, Strictness strictness) {
  one = strip(one, strictness);
  other = strip(other, strictness);
  if (one == other) return true;
  if (strictness != Strictness::plain_punctuation) return false;
  return trim(plain_punctuation(one)) == trim(plain_punctuation(other));
}

bool matches_at(const Lines& lines, std::size_t at, const Lines& wanted, Strictness strictness) {
  if (at + wanted.size() > lines.size()) return false;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    if (!same_line(lines[at + i], wanted[i], strictness)) return false;
  }
  return true;
}

}  // namespace

LineFile split_file(std::string_view content) {
  LineFile file;
  if (starts_with(content, kByteOrderMark)) {
    file.mark = kByteOrderMark;
    content.remove_prefix(kByteOrderMark.size());
  }
  file.final_newline = content.empty() || content.back() == '\n';
  std::size_t crlf = 0;
  for (std::string_view line : split_lines(content)) {
    const bool ended = line.back() == '\n';
    if (ended) line.remove_suffix(1);
    const bool has_crlf = ended && !line.empty() && line.back() == '\r';
    if (has_crlf) line.remove_suffix(1);
    crlf += has_crlf ? 1 : 0;
    file.crlf.push_back(has_crlf ? 1 : 0);
    file.lines.emplace_back(line);
  }
  file.mostly_crlf = crlf * 2 > file.lines.size() - (file.final_newline ? 0 : 1);
  if (!file.final_newline) file.crlf.back() = file.mostly_crlf ? 1 : 0;  // should it get one
  return file;
}

std::string join_file(const LineFile& file) {
  std::string content = file.mark;
  for (std::size_t line = 0; line < file.lines.size(); ++line) {
    content += file.lines[line];
    if (line + 1 < file.lines.size() || file.final_newline) content += file.crlf[line] != 0 ? "\r\n" : "\n";
  }
  return content;
}

std::optional<std::size_t> find_lines(const Lines& lines, const LineQuery& query) {
  auto distance = [&](std::size_t at) { return at > query.near ? at - query.near : query.near - at; };
  for (Strictness strictness :
       {Strictness::exact, Strictness::trailing_space, Strictness::any_space, Strictness::plain_punctuation}) {
    std::optional<std::size_t> best;
    for (std::size_t at = query.from; at + query.wanted.size() <= lines.size(); ++at) {
      if (query.at_end && at + query.wanted.size() != lines.size()) continue;
      if (!matches_at(lines, at, query.wanted, strictness)) continue;
      if (!best || distance(at) < distance(*best)) best = at;
    }
    if (best) return best;
  }
  return std::nullopt;
}

std::optional<std::size_t> find_line(const Lines& lines, std::size_t from, std::string_view wanted) {
  for (std::size_t at = from; at < lines.size(); ++at) {
    if (same_line(lines[at], wanted, Strictness::plain_punctuation)) return at;
  }
  return std::nullopt;
}

std::optional<NearMatch> find_nearest(const Lines& lines, const Lines& wanted) {
  if (lines.size() * wanted.size() > kMaxComparisons) return std::nullopt;
  std::size_t best_score = 0;
  std::optional<NearMatch> best;
  for (std::size_t at = 0; at < lines.size(); ++at) {
    std::size_t score = 0;
    std::size_t first_difference = wanted.size();
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      const bool same = at + i < lines.size() && same_line(lines[at + i], wanted[i], Strictness::any_space);
      // Empty lines are everywhere and say nothing.
      if (same && !trim(wanted[i]).empty()) ++score;
      if (!same) first_difference = std::min(first_difference, i);
    }
    if (score <= best_score) continue;
    best_score = score;
    best = NearMatch{at, first_difference};
  }
  return best;
}

}  // namespace ottobot::sandboxd
