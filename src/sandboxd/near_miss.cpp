#include "sandboxd/near_miss.hpp"

#include <algorithm>
#include <cctype>
#include <optional>
#include <vector>

#include "ottobot/json.hpp"
#include "sandboxd/text.hpp"

namespace ottobot::sandboxd {
namespace {

constexpr std::size_t kMaxBytes = 4U << 20U;
constexpr std::size_t kMaxShown = 10;
constexpr std::size_t kMaxLineChars = 200;
constexpr double kNearEnough = 0.5;

std::string squeeze(std::string_view line) {
  std::string squeezed;
  for (char c : line) {
    if (std::isspace(static_cast<unsigned char>(c)) == 0) squeezed += c;
  }
  return squeezed;
}

std::vector<std::string> squeezed_lines(std::string_view text) {
  std::vector<std::string> lines;
  for (std::string_view line : split_lines(text)) lines.push_back(squeeze(line));
  return lines;
}

bool ends_with(std::string_view text, std::string_view end) {
  return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
}

// The first and last of the wanted lines may be parts of lines.
bool same_but_for_space(const std::vector<std::string>& lines, std::size_t at, const std::vector<std::string>& wanted) {
  if (at + wanted.size() > lines.size()) return false;
  if (wanted.size() == 1) return lines[at].find(wanted[0]) != std::string::npos;
  const std::size_t last = wanted.size() - 1;
  if (!ends_with(lines[at], wanted[0]) || lines[at + last].rfind(wanted[last], 0) != 0) return false;
  for (std::size_t i = 1; i < last; ++i) {
    if (lines[at + i] != wanted[i]) return false;
  }
  return true;
}

// The shared beginning and end of two lines, as a part of the longer one.
double likeness(std::string_view one, std::string_view other) {
  const std::size_t longer = std::max(one.size(), other.size());
  const std::size_t shorter = std::min(one.size(), other.size());
  if (shorter == 0) return 0;
  std::size_t begin = 0;
  while (begin < shorter && one[begin] == other[begin]) ++begin;
  std::size_t end = 0;
  while (end < shorter - begin && one[one.size() - 1 - end] == other[other.size() - 1 - end]) ++end;
  return static_cast<double>(begin + end) / static_cast<double>(longer);
}

std::string numbered(const std::vector<std::string_view>& lines, std::size_t at, std::size_t count) {
  std::string text;
  for (std::size_t i = at; i < std::min({lines.size(), at + count, at + kMaxShown}); ++i) {
    std::string line = to_valid_utf8(lines[i]);
    while (!line.empty() && (line.back() == '\n' || line.back() == '\r')) line.pop_back();
    text += "\n" + std::to_string(i + 1) + ": " + std::string(first_chars(line, kMaxLineChars));
  }
  return text;
}

std::string place(std::size_t at, std::size_t count) {
  if (count == 1) return "line " + std::to_string(at + 1);
  return "lines " + std::to_string(at + 1) + "–" + std::to_string(at + count);
}

// The line most like the first wanted one that says anything; where all of them would begin.
std::optional<std::size_t> nearest(const std::vector<std::string>& lines, const std::vector<std::string>& wanted) {
  auto telling = std::find_if(wanted.begin(), wanted.end(), [](const std::string& line) { return line.size() > 2; });
  if (telling == wanted.end()) return std::nullopt;
  const auto skipped = static_cast<std::size_t>(telling - wanted.begin());
  double best = kNearEnough;
  std::optional<std::size_t> at;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    double like = likeness(lines[i], *telling);
    if (like <= best) continue;
    best = like;
    at = i - std::min(i, skipped);
  }
  return at;
}

}  // namespace

std::string describe_near_miss(std::string_view content, std::string_view wanted) {
  if (content.size() > kMaxBytes) return {};
  const auto shown = split_lines(content);
  const auto lines = squeezed_lines(content);
  const auto looked_for = squeezed_lines(wanted);
  const std::size_t count = looked_for.size();
  if (!squeeze(wanted).empty()) {
    for (std::size_t at = 0; at < lines.size(); ++at) {
      if (!same_but_for_space(lines, at, looked_for)) continue;
      return "; with other white space it is in " + place(at, count) + ":" + numbered(shown, at, count) + "\n";
    }
  }
  auto at = nearest(lines, looked_for);
  if (!at) return {};
  const std::size_t there = std::min(count, lines.size() - *at);
  return "; the nearest is in " + place(*at, there) + ":" + numbered(shown, *at, there) + "\n";
}

}  // namespace ottobot::sandboxd
