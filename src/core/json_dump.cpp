// dump_json(): what nlohmann's own serialiser writes, several times faster on long strings, of which logs and answers
// of tools are made.
#include <array>
#include <charconv>
#include <cstring>
#include <utility>

#include "core/utf8.hpp"
#include "ottobot/json.hpp"

namespace ottobot {
namespace {

constexpr std::uint64_t each_byte(std::uint64_t value) { return value * 0x0101010101010101U; }

// Whether one of eight bytes is not written as it is: a control character, '"', '\\', or no ASCII. False alarms are
// possible.
bool may_be_special(std::uint64_t word) {
  const auto has_zero = [](std::uint64_t bytes) { return (bytes - each_byte(0x01)) & ~bytes; };
  const std::uint64_t control = (word - each_byte(0x20)) & ~word;
  const std::uint64_t quote = has_zero(word ^ each_byte('"'));
  const std::uint64_t backslash = has_zero(word ^ each_byte('\\'));
  return ((word | control | quote | backslash) & each_byte(0x80)) != 0;
}

std::size_t plain_words(std::string_view text, std::size_t i) {
  for (; i + 8 <= text.size(); i += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, text.data() + i, 8);
    if (may_be_special(word)) break;
  }
  return i;
}

void append_escape(std::string& out, unsigned char c) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  constexpr std::string_view kNamed = "\"\\\b\f\n\r\t";
  constexpr std::string_view kNames = "\"\\bfnrt";
  out += '\\';
  const auto named = kNamed.find(static_cast<char>(c));
  if (named != std::string_view::npos) {
    out += kNames[named];
  } else {
    out.append("u00").append({kDigits[c >> 4U], kDigits[c & 15U]});
  }
}

void append_string(std::string& out, std::string_view text) {
  out += '"';
  std::size_t copied = 0;
  for (std::size_t i = plain_words(text, 0); i < text.size(); i = plain_words(text, i)) {
    const auto c = static_cast<unsigned char>(text[i]);
    const Utf8Step step = utf8_step(text, i);
    if (!step.valid || c < 0x20 || c == '"' || c == '\\') {
      out.append(text.substr(copied, i - copied));
      copied = i + step.length;
      if (step.valid) {
        append_escape(out, c);
      } else {
        out.append("\xEF\xBF\xBD");
      }
    }
    i += step.length;
  }
  out.append(text.substr(copied)) += '"';
}

template <class Integer>
void append_integer(std::string& out, Integer value) {
  std::array<char, 24> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  out.append(digits.data(), end);
}

void append(std::string& out, const Json& value) {
  switch (value.type()) {
    case Json::value_t::object: {
      char before = '{';
      for (const auto& [key, member] : value.get_ref<const Json::object_t&>()) {
        out += std::exchange(before, ',');
        append_string(out, key);
        out += ':';
        append(out, member);
      }
      out.append(before == '{' ? "{}" : "}");
      return;
    }
    case Json::value_t::array: {
      char before = '[';
      for (const Json& element : value.get_ref<const Json::array_t&>()) {
        out += std::exchange(before, ',');
        append(out, element);
      }
      out.append(before == '[' ? "[]" : "]");
      return;
    }
    case Json::value_t::string:
      return append_string(out, value.get_ref<const std::string&>());
    case Json::value_t::number_integer:
      return append_integer(out, value.get<std::int64_t>());
    case Json::value_t::number_unsigned:
      return append_integer(out, value.get<std::uint64_t>());
    default:
      out += value.dump();
  }
}

}  // namespace

std::string dump_json(const Json& value) {
  std::string out;
  append(out, value);
  return out;
}

}  // namespace ottobot
