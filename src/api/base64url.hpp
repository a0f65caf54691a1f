// Base64 for URLs (RFC 4648 §5), without padding, strict. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace ottobot::api {

std::string encode_base64url(std::string_view bytes);
// nullopt for characters outside the alphabet, a length that nothing encodes to, and bits left over.
std::optional<std::string> decode_base64url(std::string_view text);

}  // namespace ottobot::api
