// Base64 (RFC 4648 §4) with padding, strict.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace ottobot::mcp {

std::string encode_base64(std::string_view bytes);
// nullopt for characters outside the alphabet, wrong padding, and bits left over.
std::optional<std::string> decode_base64(std::string_view text);

}  // namespace ottobot::mcp
