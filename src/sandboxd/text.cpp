#include "sandboxd/text.hpp"

#include <array>
#include <cstdint>
#include <cstdio>

#include "ottobot/json.hpp"

namespace ottobot::sandboxd {
namespace {

// Room for the line that stands in the middle of a clipped text.
constexpr std::size_t kMarkerChars = 300;

bool continues_character(char byte) { return (static_cast<unsigned char>(byte) & 0xC0U) == 0x80U; }

std::string marker(const std::string& omitted, std::string_view where) {
  std::string line = "\n[… " + omitted + " omitted";
  if (!where.empty() && where.size() < kMarkerChars - 100) line += "; the whole output is in " + std::string(where);
  return line + " …]\n";
}

}  // namespace

std::size_t count_chars(std::string_view text) {
  std::size_t count = 0;
  for (char byte : text) count += continues_character(byte) ? 0 : 1;
  return count;
}

std::string_view first_chars(std::string_view text, std::size_t count) {
  if (text.size() <= count) return text;
  std::size_t end = 0;
  for (; end < text.size(); ++end) {
    if (continues_character(text[end])) continue;
    if (count == 0) break;
    --count;
  }
  return text.substr(0, end);
}

std::string_view last_chars(std::string_view text, std::size_t count) {
  if (text.size() <= count) return text;
  std::size_t begin = text.size();
  while (begin > 0 && count > 0) {
    --begin;
    if (!continues_character(text[begin])) --count;
  }
  return text.substr(begin);
}

Clipped clip_middle(const PartialBytes& bytes, std::size_t max_chars, std::string_view where) {
  if (bytes.dropped == 0) {
    std::string all = to_valid_utf8(bytes.head + bytes.tail);
    std::size_t chars = count_chars(all);
    if (chars <= max_chars) return {std::move(all), false};
    std::size_t half = (max_chars - std::min(max_chars, kMarkerChars)) / 2;
    std::string text(first_chars(all, half));
    text += marker(std::to_string(chars - 2 * half) + " characters", where);
    return {text.append(last_chars(all, half)), true};
  }
  std::string head = to_valid_utf8(std::string_view(bytes.head).substr(0, utf8_complete_prefix(bytes.head)));
  std::string_view tail_bytes = bytes.tail;
  while (!tail_bytes.empty() && continues_character(tail_bytes.front())) tail_bytes.remove_prefix(1);
  std::string tail = to_valid_utf8(tail_bytes);
  std::size_t half = (max_chars - std::min(max_chars, kMarkerChars)) / 2;
  std::string_view first = first_chars(head, half);
  std::string_view last = last_chars(tail, half);
  std::size_t omitted = bytes.dropped + (head.size() - first.size()) + (tail.size() - last.size());
  std::string text(first);
  text += marker(std::to_string(omitted) + " bytes", where);
  return {text.append(last), true};
}

bool looks_binary(std::string_view bytes) { return bytes.substr(0, 8192).find('\0') != std::string_view::npos; }

std::string counted(std::uint64_t number, std::string_view noun) {
  return counted(number, noun, std::string(noun) + "s");
}

std::string counted(std::uint64_t number, std::string_view one, std::string_view many) {
  return std::to_string(number) + " " + std::string(number == 1 ? one : many);
}

std::string human_bytes(std::uint64_t bytes) {
  if (bytes < 1024) return counted(bytes, "byte");
  static constexpr std::array<const char*, 4> kUnits{"KiB", "MiB", "GiB", "TiB"};
  double value = static_cast<double>(bytes) / 1024;
  std::size_t unit = 0;
  for (; value >= 1024 && unit + 1 < kUnits.size(); ++unit) value /= 1024;
  std::array<char, 32> buffer{};
  std::snprintf(buffer.data(), buffer.size(), "%.1f %s", value, kUnits[unit]);
  return buffer.data();
}

std::vector<std::string_view> split_lines(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    std::size_t end = text.find('\n');
    std::size_t length = end == std::string_view::npos ? text.size() : end + 1;
    lines.push_back(text.substr(0, length));
    text.remove_prefix(length);
  }
  return lines;
}

}  // namespace ottobot::sandboxd
