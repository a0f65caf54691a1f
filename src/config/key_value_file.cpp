#include "config/key_value_file.hpp"

#include <algorithm>
#include <optional>

namespace ottobot::config {
namespace {

constexpr std::string_view kBlank = " \t\r";

std::string_view trim(std::string_view text) {
  const auto first = text.find_first_not_of(kBlank);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

bool is_name_character(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
}

bool is_name(std::string_view text) {
  return !text.empty() && !(text[0] >= '0' && text[0] <= '9') &&
         std::all_of(text.begin(), text.end(), is_name_character);
}

bool is_comment_or_blank(std::string_view text) {
  const auto rest = trim(text);
  return rest.empty() || rest[0] == '#';
}

char unescaped(char c) { return c == 'n' ? '\n' : c; }

// `text` starts with its quote. Nothing when the quote is not closed or something follows it.
std::optional<std::string> unquote(std::string_view text) {
  const char quote = text[0];
  std::string value;
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (text[i] == quote) {
      if (!is_comment_or_blank(text.substr(i + 1))) return std::nullopt;
      return value;
    }
    const bool escape = quote == '"' && text[i] == '\\' && i + 1 < text.size() &&
                        std::string_view("n\"\\$").find(text[i + 1]) != std::string_view::npos;
    value += escape ? unescaped(text[++i]) : text[i];
  }
  return std::nullopt;
}

std::string bare_value(std::string_view text) {
  if (!text.empty() && text[0] == '#') return {};
  const auto comment = std::min(text.find(" #"), text.find("\t#"));
  return std::string(trim(text.substr(0, comment)));
}

Result<KeyValueLine> parse_line(std::string_view text, int line, const std::string& name) {
  const std::string where = name + ":" + std::to_string(line);
  constexpr std::string_view kExport = "export ";
  if (text.substr(0, kExport.size()) == kExport) text = trim(text.substr(kExport.size()));
  const auto equals = text.find('=');
  const auto key = trim(text.substr(0, equals));
  if (equals == std::string_view::npos || !is_name(key)) {
    return invalid_argument(where + ": expected NAME=VALUE", "comments start with #");
  }
  const auto raw = trim(text.substr(equals + 1));
  if (raw.empty() || (raw[0] != '"' && raw[0] != '\'')) return KeyValueLine{std::string(key), bare_value(raw), line};
  auto value = unquote(raw);
  if (!value) return invalid_argument(where + ": the quoted value of " + std::string(key) + " does not end properly");
  return KeyValueLine{std::string(key), std::move(*value), line};
}

}  // namespace

Result<std::vector<KeyValueLine>> parse_key_values(std::string_view text, const std::string& name) {
  std::vector<KeyValueLine> pairs;
  for (int line = 1; !text.empty(); ++line) {
    const auto end = std::min(text.find('\n'), text.size());
    const auto content = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (is_comment_or_blank(content)) continue;
    auto pair = parse_line(trim(content), line, name);
    if (!pair) return fail(pair.error());
    pairs.push_back(std::move(*pair));
  }
  return pairs;
}

}  // namespace ottobot::config
