#include "ottobot/file_names.hpp"

#include <array>
#include <charconv>
#include <cstdio>
#include <optional>

#include "core/utf8.hpp"

namespace ottobot {
namespace {

// The byte that "\xHH" at the start stands for; nullopt for others and for ASCII.
std::optional<char> escaped_byte(std::string_view text) {
  if (text.size() < 4 || text[0] != '\\' || text[1] != 'x') return std::nullopt;
  unsigned value = 0;
  auto [end, error] = std::from_chars(text.data() + 2, text.data() + 4, value, 16);
  if (error != std::errc{} || end != text.data() + 4 || value < 0x80) return std::nullopt;
  return static_cast<char>(value);
}

std::string escaped(unsigned byte) {
  std::array<char, 8> escape{};
  std::snprintf(escape.data(), escape.size(), "\\x%02x", byte);
  return escape.data();
}

}  // namespace

std::string shown_name(std::string_view bytes) {
  std::string shown;
  for (std::size_t i = 0; i < bytes.size();) {
    const Utf8Step step = utf8_step(bytes, i);
    if (step.valid) {
      shown.append(bytes.substr(i, step.length));
    } else {
      shown += escaped(static_cast<unsigned char>(bytes[i]));
    }
    i += step.valid ? step.length : 1;
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

}  // namespace ottobot
