#include "core/utf8.hpp"

#include <cstring>

#include "ottobot/json.hpp"

namespace ottobot {
namespace {

// How many bytes at the beginning are ASCII, eight at a time: most text is nothing else.
std::size_t ascii_prefix(std::string_view bytes) {
  std::size_t i = 0;
  for (; i + 8 <= bytes.size(); i += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes.data() + i, 8);
    if ((word & 0x8080808080808080U) != 0) break;
  }
  while (i < bytes.size() && static_cast<unsigned char>(bytes[i]) < 0x80) ++i;
  return i;
}

}  // namespace

Utf8Step utf8_step(std::string_view text, std::size_t i) {
  const auto byte = [&](std::size_t k) { return static_cast<unsigned char>(text[k]); };
  const unsigned char first = byte(i);
  if (first < 0x80) return {1, true, false};
  std::size_t need = 0;
  unsigned char low = 0x80;
  unsigned char high = 0xBF;
  if (first >= 0xC2 && first <= 0xDF)
    need = 1;
  else if (first >= 0xE0 && first <= 0xEF)
    need = 2;
  else if (first >= 0xF0 && first <= 0xF4)
    need = 3;
  else
    return {1, false, false};
  if (first == 0xE0) low = 0xA0;
  if (first == 0xED) high = 0x9F;
  if (first == 0xF0) low = 0x90;
  if (first == 0xF4) high = 0x8F;
  for (std::size_t k = 1; k <= need; ++k) {
    if (i + k >= text.size()) return {k, false, true};
    if (byte(i + k) < low || byte(i + k) > high) return {k, false, false};
    low = 0x80;
    high = 0xBF;
  }
  return {need + 1, true, false};
}

std::string to_valid_utf8(std::string_view bytes) {
  std::string out;
  out.reserve(bytes.size());
  std::size_t copied = 0;
  for (std::size_t i = ascii_prefix(bytes); i < bytes.size();) {
    const Utf8Step step = utf8_step(bytes, i);
    if (!step.valid) {
      out.append(bytes.substr(copied, i - copied)).append("\xEF\xBF\xBD");
      copied = i + step.length;
    }
    i += step.length;
    i += ascii_prefix(bytes.substr(i));
  }
  return out.append(bytes.substr(copied));
}

std::size_t utf8_complete_prefix(std::string_view bytes) {
  const std::size_t from = bytes.size() > 3 ? bytes.size() - 3 : 0;
  for (std::size_t i = from; i < bytes.size(); ++i) {
    if ((static_cast<unsigned char>(bytes[i]) & 0xC0) == 0x80) continue;  // inside a sequence
    if (utf8_step(bytes, i).truncated) return i;
  }
  return bytes.size();
}

std::size_t utf8_valid_prefix(std::string_view bytes) {
  std::size_t i = ascii_prefix(bytes);
  while (i < bytes.size()) {
    const Utf8Step step = utf8_step(bytes, i);
    if (!step.valid) break;
    i += step.length;
    i += ascii_prefix(bytes.substr(i));
  }
  return i;
}

std::optional<std::size_t> utf8_length(std::string_view text) {
  std::size_t count = 0;
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t ascii = ascii_prefix(text.substr(i));
    i += ascii;
    count += ascii;
    if (i == text.size()) break;
    const Utf8Step step = utf8_step(text, i);
    if (!step.valid) return std::nullopt;
    i += step.length;
    ++count;
  }
  return count;
}

}  // namespace ottobot
