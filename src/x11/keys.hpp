// Keys by name, and characters as keysyms (X11R7.7 protocol, appendix A). Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "ottobot/error.hpp"

namespace ottobot::x11 {

using Keysym = std::uint32_t;

enum class Modifier { shift, control, alt, super };

// Modifiers that are held while a key is pressed.
struct Chord {
  std::vector<Modifier> modifiers;
  Keysym key = 0;
};

// "Return", "ctrl+shift+t", "F5", "+", "é", "super". Letter case, '_', '-' and blanks do not count in names. An ASCII
// letter after another modifier than Shift is the key, whatever its case: "Ctrl+C" is "ctrl+c". Errors:
// invalid_argument, with the nearest name.
Result<Chord> parse_chord(std::string_view text);
// "ctrl+shift"; empty = none. Errors: as above.
Result<std::vector<Modifier>> parse_modifiers(std::string_view text);

// The keys to press for a text, one for each character; CR LF is one Return. Errors: invalid_argument (a control
// character that no key makes, invalid UTF-8), with its place.
Result<std::vector<Keysym>> keys_of_text(std::string_view text);

Keysym keysym_of(Modifier modifier);

}  // namespace ottobot::x11
