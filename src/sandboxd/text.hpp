// Text that a model reads: valid UTF-8, and short enough. Pure functions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ottobot::sandboxd {

// Results of tools hold at most this many characters (Unicode code points) of output.
inline constexpr std::size_t kMaxOutputChars = 30000;

// The number of code points of valid UTF-8.
std::size_t count_chars(std::string_view text);
// The first or last `count` code points of valid UTF-8; views into `text`.
std::string_view first_chars(std::string_view text, std::size_t count);
std::string_view last_chars(std::string_view text, std::size_t count);

struct Clipped {
  std::string text;
  bool clipped = false;
};

// The bytes of an output of which only the beginning and the end may be at hand.
struct PartialBytes {
  std::string head;         // all of it when `dropped` is 0
  std::string tail;         // what follows after `dropped` bytes
  std::size_t dropped = 0;  // bytes between head and tail that are gone
};

// Valid UTF-8 of at most `max_chars`: all of it, or its beginning and its end around a line that says what is missing;
// `where` (a path; may be empty) is named there as the place of the whole.
Clipped clip_middle(const PartialBytes& bytes, std::size_t max_chars, std::string_view where);

// True for what no editor shows as text: a NUL among the first bytes.
bool looks_binary(std::string_view bytes);

// "1 byte", "2 bytes": a number and its noun.
std::string counted(std::uint64_t number, std::string_view noun);
std::string counted(std::uint64_t number, std::string_view one, std::string_view many);
// "1.5 MiB".
std::string human_bytes(std::uint64_t bytes);

// The lines with their '\n'; the last one may lack it. Views into `text`.
std::vector<std::string_view> split_lines(std::string_view text);

}  // namespace ottobot::sandboxd
