// Vocabulary shared by the HTTP server and the HTTP client. Values only.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ottobot/error.hpp"

namespace ottobot::net {

// Header fields in order; names compare without case (RFC 9110 §5.1).
class Headers {
 public:
  Headers() = default;
  Headers(std::initializer_list<std::pair<std::string, std::string>> fields) : fields_(fields) {}

  void add(std::string name, std::string value) { fields_.emplace_back(std::move(name), std::move(value)); }
  void set(std::string name, std::string value);                      // replaces all of that name
  std::optional<std::string_view> find(std::string_view name) const;  // the first; valid until the next change
  bool has_token(std::string_view name, std::string_view token) const;  // in a comma list, without case
  auto begin() const { return fields_.begin(); }
  auto end() const { return fields_.end(); }
  std::size_t size() const { return fields_.size(); }

 private:
  std::vector<std::pair<std::string, std::string>> fields_;
};

bool equals_ignore_case(std::string_view a, std::string_view b);
// "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110 §5.6.7).
std::string http_date(std::int64_t unix_seconds);
// Standard reason phrase; "Unknown" for a status that has none.
std::string_view reason_phrase(int status);
// Percent-decoding; nullopt for a broken escape or a NUL. '+' stays.
std::optional<std::string> percent_decode(std::string_view text);
// Escapes everything but unreserved characters and '/'.
std::string percent_encode_path(std::string_view path);

}  // namespace ottobot::net
