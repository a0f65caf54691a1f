// Identifiers and digests.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace ottobot {

// 21 characters of A-Za-z0-9_- from the system's random source (126 bits): session, call and request ids.
std::string new_id();
// Looks like new_id(), but later ones compare greater, to the millisecond; its other 14 characters are random (84
// bits). Event ids: an index of them grows at its end, so that an append touches one page of it and not one per event.
std::string new_event_id();
// True for what these can produce; the only session ids that are ever looked up.
bool is_valid_id(std::string_view id);
// `bytes` random bytes as lower-case hex: tokens and secrets.
std::string new_secret(std::size_t bytes = 32);
// SHA-256 as 64 lower-case hex digits.
std::string sha256_hex(std::string_view bytes);
// HMAC-SHA-256 (RFC 2104) as 32 raw bytes.
std::string hmac_sha256(std::string_view key, std::string_view bytes);
// Comparison in time that depends only on the lengths, for secrets.
bool constant_time_equals(std::string_view a, std::string_view b);

}  // namespace ottobot
