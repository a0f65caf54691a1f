#include "sandboxd/glob.hpp"

namespace ottobot::sandboxd {
namespace {

constexpr std::size_t kMaxAlternatives = 256;
constexpr std::size_t kMaxPattern = 1024;

bool closes_what_it_opens(std::string_view pattern) {
  int braces = 0;
  for (std::size_t at = 0; at < pattern.size(); ++at) {
    if (pattern[at] == '\\') {
      ++at;
    } else if (pattern[at] == '[') {
      // A ']' right after the beginning is an ordinary one.
      std::size_t first = at + 1;
      if (first < pattern.size() && (pattern[first] == '!' || pattern[first] == '^')) ++first;
      at = pattern.find(']', first + 1);
      if (at == std::string_view::npos) return false;
    } else if (pattern[at] == '{') {
      ++braces;
    } else if (pattern[at] == '}' && braces > 0) {
      --braces;
    }
  }
  return braces == 0;
}

// The end of the brace group that starts at `open`, or npos.
std::size_t closing_brace(std::string_view pattern, std::size_t open) {
  int depth = 0;
  for (std::size_t at = open; at < pattern.size(); ++at) {
    if (pattern[at] == '{') ++depth;
    if (pattern[at] == '}' && --depth == 0) return at;
  }
  return std::string_view::npos;
}

std::vector<std::string> split_alternatives(std::string_view group) {
  std::vector<std::string> parts(1);
  int depth = 0;
  for (char c : group) {
    if (c == '{') ++depth;
    if (c == '}') --depth;
    if (c == ',' && depth == 0) {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  return parts;
}

bool expand_braces(const std::string& pattern, std::vector<std::string>& out) {
  std::size_t open = pattern.find('{');
  std::size_t close = open == std::string::npos ? open : closing_brace(pattern, open);
  if (close == std::string::npos) {
    out.push_back(pattern);
    return out.size() <= kMaxAlternatives;
  }
  for (const std::string& part : split_alternatives(std::string_view(pattern).substr(open + 1, close - open - 1))) {
    if (!expand_braces(pattern.substr(0, open) + part + pattern.substr(close + 1), out)) return false;
  }
  return true;
}

// Matches one "[…]" at the start of `pattern` and drops it from there. An unclosed one is an ordinary character.
bool match_class(std::string_view& pattern, char c) {
  std::size_t at = 1;
  bool negated = at < pattern.size() && (pattern[at] == '!' || pattern[at] == '^');
  if (negated) ++at;
  bool matched = false;
  for (std::size_t first = at; at < pattern.size() && (pattern[at] != ']' || at == first); ++at) {
    char low = pattern[at];
    char high = low;
    if (at + 2 < pattern.size() && pattern[at + 1] == '-' && pattern[at + 2] != ']') {
      high = pattern[at + 2];
      at += 2;
    }
    matched = matched || (low <= c && c <= high);
  }
  if (at >= pattern.size()) {
    pattern.remove_prefix(1);
    return c == '[';
  }
  pattern.remove_prefix(at + 1);
  return matched != negated && c != '/';
}

// Whether the one element at the start of `pattern` (not a star) matches `c`; drops the element.
bool match_one(std::string_view& pattern, char c) {
  if (pattern.front() == '[') return match_class(pattern, c);
  bool escaped = pattern.front() == '\\' && pattern.size() > 1;
  if (escaped) pattern.remove_prefix(1);
  char wanted = pattern.front();
  pattern.remove_prefix(1);
  return (wanted == '?' && !escaped) ? c != '/' : wanted == c;
}

// `budget` bounds the backtracking of hostile patterns.
bool match_here(std::string_view pattern, std::string_view path, int& budget) {
  while (!pattern.empty()) {
    if (--budget < 0) return false;
    if (pattern.substr(0, 3) == "**/") {
      if (match_here(pattern.substr(3), path, budget)) return true;
      std::size_t slash = path.find('/');
      if (slash == std::string_view::npos) return false;
      path.remove_prefix(slash + 1);
      continue;
    }
    if (pattern.front() == '*') {
      bool across = pattern.substr(0, 2) == "**";
      std::string_view rest = pattern.substr(across ? 2 : 1);
      for (;; path.remove_prefix(1)) {
        if (match_here(rest, path, budget)) return true;
        if (path.empty() || (path.front() == '/' && !across) || budget < 0) return false;
      }
    }
    if (path.empty() || !match_one(pattern, path.front())) return false;
    path.remove_prefix(1);
  }
  return path.empty();
}

}  // namespace

Result<Glob> Glob::compile(std::string_view pattern) {
  while (pattern.substr(0, 2) == "./") pattern.remove_prefix(2);
  if (pattern.empty()) return invalid_field("glob", "must not be empty");
  if (pattern.size() > kMaxPattern) return invalid_field("glob", "is longer than 1024 bytes");
  if (!closes_what_it_opens(pattern)) {
    return invalid_field("glob", "has a '[' or '{' without its end (\\[ is the character itself)");
  }
  Glob glob;
  glob.base_name_only_ = pattern.find('/') == std::string_view::npos;
  if (pattern.front() == '/') pattern.remove_prefix(1);
  if (!expand_braces(std::string(pattern), glob.alternatives_)) {
    return invalid_field("glob", "has more than 256 alternatives");
  }
  return glob;
}

bool Glob::matches(std::string_view path) const {
  if (base_name_only_) path = path.substr(path.rfind('/') + 1);
  for (const std::string& pattern : alternatives_) {
    int budget = 20000;
    if (match_here(pattern, path, budget)) return true;
  }
  return false;
}

}  // namespace ottobot::sandboxd
