#include <algorithm>
#include <array>
#include <vector>

#include "ottobot/log.hpp"

namespace ottobot {
namespace {

constexpr std::string_view kMask = "***";
constexpr std::size_t kShortestSecret = 6;
constexpr std::size_t kMaxTextBytes = 16 << 10;  // of a message or a value: an entry has a bound

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool is_secret_name(std::string_view name) {
  constexpr std::array<std::string_view, 7> kWords{"authorization", "api_key", "apikey", "password",
                                                   "secret",        "cookie",  "ticket"};
  std::string plain(name);
  std::transform(plain.begin(), plain.end(), plain.begin(), lower);
  // "tokens" are counted, a "token" is a secret.
  if (plain == "token" || (plain.size() > 6 && plain.compare(plain.size() - 6, 6, "_token") == 0)) return true;
  return std::any_of(kWords.begin(), kWords.end(),
                     [&](std::string_view word) { return plain.find(word) != std::string::npos; });
}

void mask_all(std::string& text, const std::string& secret) {
  if (secret.size() < kShortestSecret) return;
  for (std::size_t at = 0; (at = text.find(secret, at)) != std::string::npos; at += kMask.size()) {
    text.replace(at, secret.size(), kMask);
  }
}

void mask_bearers(std::string& text) {
  constexpr std::string_view kScheme = "bearer ";
  const auto same = [](char a, char b) { return lower(a) == lower(b); };
  for (auto at = text.begin();; ++at) {
    at = std::search(at, text.end(), kScheme.begin(), kScheme.end(), same);
    if (at == text.end()) return;
    const auto blank = static_cast<std::size_t>(at - text.begin()) + kScheme.size();
    const auto begin = std::min(text.find_first_not_of(' ', blank), text.size());
    const auto end = std::min(text.find_first_of(" \t\r\n\"',;", begin), text.size());
    text.replace(begin, end - begin, kMask);
    at = text.begin() + static_cast<std::ptrdiff_t>(begin);
    if (at == text.end()) return;
  }
}

// A secret may hold another one.
std::vector<const std::string*> longest_first(const std::vector<std::string>& secrets) {
  std::vector<const std::string*> sorted;
  for (const auto& secret : secrets) sorted.push_back(&secret);
  std::sort(sorted.begin(), sorted.end(),
            [](const std::string* a, const std::string* b) { return a->size() > b->size(); });
  return sorted;
}

// Masked before it is cut: half a secret would not be found.
std::string clean(std::string_view raw, const LoggerOptions& options) {
  const auto secrets = longest_first(options.secrets);
  const std::size_t longest = secrets.empty() ? 0 : secrets.front()->size();
  std::string text(raw.substr(0, kMaxTextBytes + longest));
  const bool is_part = text.size() < raw.size();
  for (const auto* secret : secrets) mask_all(text, *secret);
  mask_bearers(text);
  // Masks are short: what has come up from the end may be the beginning of a secret.
  if (is_part) text.resize(text.size() - std::min(longest, text.size()));
  if (text.size() > kMaxTextBytes) text.resize(kMaxTextBytes);
  text = to_valid_utf8(text);
  if (raw.size() > kMaxTextBytes) text += "…";
  return text;
}

Json clean_value(const Json& value, const LoggerOptions& options) {
  if (value.is_string()) return clean(value.get_ref<const std::string&>(), options);
  if (!value.is_structured()) return value;
  Json copy = value;
  for (auto item = copy.begin(); item != copy.end(); ++item) {
    const bool secret = copy.is_object() && is_secret_name(item.key());
    *item = secret ? Json(kMask) : clean_value(*item, options);
  }
  return copy;
}

// No byte of it can end the line or steer a terminal.
std::string escaped(std::string_view text) {
  static constexpr char kHex[] = "0123456789abcdef";
  std::string line;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const bool c1 = byte == 0xc2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xa0;
    if (byte >= 0x20 && byte != 0x7f && !c1) {
      line += text[i];
    } else if (byte == '\n') {
      line += "\\n";
    } else {
      const auto code = c1 ? static_cast<unsigned char>(text[++i]) : byte;
      line += std::string("\\x") + kHex[code >> 4] + kHex[code & 15];
    }
  }
  return line;
}

std::string text_value(const Json& value) {
  if (!value.is_string()) return escaped(dump_json(value));
  const auto& text = value.get_ref<const std::string&>();
  const bool plain = !text.empty() && text.find_first_of(" \t\r\n\"=") == std::string::npos;
  return escaped(plain ? text : dump_json(value));
}

std::string text_line(std::string_view now, LogLevel level, const std::string& message, const Json& fields) {
  std::string name(to_string(level));
  name.resize(std::max<std::size_t>(name.size(), 5), ' ');
  std::string line = std::string(now) + " " + name + " " + escaped(message);
  for (const auto& [key, value] : fields.items()) line += " " + escaped(key) + "=" + text_value(value);
  return line;
}

std::string json_line(std::string_view now, LogLevel level, const std::string& message, const Json& fields) {
  nlohmann::ordered_json entry{{"timestamp", now}, {"level", to_string(level)}, {"message", message}};
  for (const auto& [key, value] : fields.items()) {
    if (!entry.contains(key)) entry[key] = value;
  }
  return entry.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace

std::string format_log_line(const LoggerOptions& options, std::string_view now, LogLevel level,
                            std::string_view message, const Json& fields) {
  const auto text = clean(message, options);
  const auto context = clean_value(fields.is_object() ? fields : Json::object(), options);
  return options.format == LogFormat::json ? json_line(now, level, text, context)
                                           : text_line(now, level, text, context);
}

}  // namespace ottobot
