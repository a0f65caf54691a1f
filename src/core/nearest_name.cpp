#include "ottobot/nearest_name.hpp"

#include <algorithm>

namespace ottobot {
namespace {

constexpr std::size_t kLongestName = 64;

std::string simplified(std::string_view name) {
  std::string out;
  for (const char c : name) {
    if (c != '_' && c != '-') out += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return out;
}

// Optimal string alignment, row by row.
std::size_t edits(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before_last, last(b.size() + 1), row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)});
      const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) row[j] = std::min(row[j], before_last[j - 2] + 1);
    }
    before_last = last;
    last = row;
  }
  return last[b.size()];
}

}  // namespace

std::string nearest_name(std::string_view name, const std::vector<std::string>& names) {
  if (name.size() > kLongestName) return {};
  const std::string wanted = simplified(name);
  std::string best;
  std::size_t fewest = std::max<std::size_t>(1, wanted.size() / 3) + 1;
  for (const std::string& candidate : names) {
    if (candidate.size() > kLongestName) continue;
    const std::string simple = simplified(candidate);
    const std::size_t count = edits(wanted, simple);
    // Nothing of the name is left when every letter changed.
    if (count >= fewest || count >= std::max(wanted.size(), simple.size())) continue;
    fewest = count;
    best = candidate;
  }
  return best;
}

}  // namespace ottobot
