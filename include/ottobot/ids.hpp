// Identifiers and digests.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace ottobot {

// 21 characters of A-Za-z0-9_- from the system's random source (126 bits): session, event, call and request ids.
std::string new_id();
// True for what new_id() can produce; the only session ids that are ever looked up.
bool is_valid_id(std::string_view id);
// `bytes` random bytes as lower-case hex: tokens and secrets.
std::string new_secret(std::size_t bytes = 32);
// SHA-256 as 64 lower-case hex digits.
std::string sha256_hex(std::string_view bytes);
// Comparison in time that depends only on the lengths, for secrets.
bool constant_time_equals(std::string_view a, std::string_view b);

}  // namespace ottobot
