#include "sandboxd/names.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>

#include "ottobot/json.hpp"

namespace ottobot::sandboxd {
namespace {

// Bytes of the character at the start; 0 when there is none.
std::size_t character_length(std::string_view bytes) {
  for (std::size_t length = 1; length <= std::min<std::size_t>(4, bytes.size()); ++length) {
    if (utf8_length(bytes.substr(0, length)) == 1U) return length;
  }
  return 0;
}

// The byte that "\xHH" at the start stands for; nullopt for others and for ASCII.
std::optional<char> escaped_byte(std::string_view text) {
  if (text.size() < 4 || text[0] != '\\' || text[1] != 'x') return std::nullopt;
  unsigned value = 0;
  auto [end, error] = std::from_chars(text.data() + 2, text.data() + 4, value, 16);
  if (error != std::errc{} || end != text.data() + 4 || value < 0x80) return std::nullopt;
  return static_cast<char>(value);
}

}  // namespace

std::string shown_name(std::string_view bytes) {
  std::string shown;
  while (!bytes.empty()) {
    std::size_t length = character_length(bytes);
    if (length > 0) {
      shown.append(bytes.substr(0, length));
    } else {
      std::array<char, 8> escape{};
      std::snprintf(escape.data(), escape.size(), "\\x%02x",
                    static_cast<unsigned>(static_cast<unsigned char>(bytes[0])));
      shown.append(escape.data());
    }
    bytes.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return shown;
}

std::string raw_name(std::string_view shown) {
  std::string bytes;
  while (!shown.empty()) {
    auto byte = escaped_byte(shown);
    bytes += byte.value_or(shown.front());
    shown.remove_prefix(byte ? 4 : 1);
  }
  return bytes;
}

std::string listed_name(std::string_view bytes) {
  std::string shown = shown_name(bytes);
  bool plain = std::none_of(shown.begin(), shown.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; });
  return plain ? shown : dump_json(Json(shown));
}

}  // namespace ottobot::sandboxd
