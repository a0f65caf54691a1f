#include <charconv>

#include "ottobot/stores/redis.hpp"

namespace ottobot {
namespace {

Failure bad_url() {
  return invalid_argument("not the URL of a Redis server",
                          "redis://[USER[:PASSWORD]@]HOST[:PORT][/DATABASE], rediss://… with TLS, or unix:PATH");
}

bool read_number(std::string_view text, int last, int& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc{} && end == text.data() + text.size() && value >= 0 && value <= last;
}

// Percent-encoding, as in "p%40ss". Nullopt when it is none.
std::optional<std::string> decoded(std::string_view text) {
  std::string plain;
  for (std::size_t n = 0; n < text.size(); ++n) {
    if (text[n] != '%') {
      plain += text[n];
      continue;
    }
    unsigned char byte = 0;
    const std::string_view digits = text.substr(std::min(n + 1, text.size()), 2);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), byte, 16);
    if (digits.size() != 2 || error != std::errc{} || end != digits.data() + 2) return std::nullopt;
    plain += static_cast<char>(byte);
    n += 2;
  }
  return plain;
}

bool read_credentials(std::string_view text, RedisOptions& options) {
  const auto colon = text.find(':');
  const auto user = decoded(text.substr(0, colon));
  const auto password = colon == std::string_view::npos ? std::string() : decoded(text.substr(colon + 1));
  if (!user || !password) return false;
  options.user = *user == "default" ? std::string() : *user;
  options.password = *password;
  return true;
}

bool read_host(std::string_view text, RedisOptions& options) {
  const bool bracketed = text.starts_with('[');
  const auto end = bracketed ? text.find(']') : std::min(text.find(':'), text.size());
  if (end == std::string_view::npos) return false;
  options.host = text.substr(bracketed ? 1 : 0, bracketed ? end - 1 : end);
  text.remove_prefix(bracketed ? end + 1 : end);
  if (options.host.empty()) return false;
  return text.empty() || (text.front() == ':' && read_number(text.substr(1), 65535, options.port) && options.port > 0);
}

}  // namespace

Result<RedisOptions> parse_redis_url(const std::string& url) {
  RedisOptions options;
  std::string_view rest = url;
  if (rest.starts_with("unix:")) {
    rest.remove_prefix(rest.starts_with("unix://") ? 7 : 5);
    if (!rest.starts_with('/')) return bad_url();
    options.unix_path = rest;
    return options;
  }
  options.tls = rest.starts_with("rediss://");
  if (!options.tls && !rest.starts_with("redis://")) return bad_url();
  rest.remove_prefix(options.tls ? 9 : 8);
  if (const auto slash = rest.find('/'); slash != std::string_view::npos) {
    const auto database = rest.substr(slash + 1);
    if (!database.empty() && !read_number(database, 1'000'000, options.database)) return bad_url();
    rest = rest.substr(0, slash);
  }
  if (const auto at = rest.rfind('@'); at != std::string_view::npos) {
    if (!read_credentials(rest.substr(0, at), options)) return bad_url();
    rest.remove_prefix(at + 1);
  }
  if (!read_host(rest, options)) return bad_url();
  return options;
}

}  // namespace ottobot
