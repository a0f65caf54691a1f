#include "x11/keys.hpp"

#define XK_MISCELLANY
#define XK_LATIN1
#define XK_XKB_KEYS
#include <X11/keysymdef.h>

#include <X11/XF86keysym.h>

#include <algorithm>
#include <cctype>
#include <optional>

#include "ottobot/json.hpp"
#include "ottobot/nearest_name.hpp"

namespace ottobot::x11 {
namespace {

struct NamedKey {
  const char* name;
  Keysym keysym;
};

// The first name of each key is the one that messages use.
constexpr NamedKey kKeys[] = {
    {"Return", XK_Return},
    {"Enter", XK_Return},
    {"Tab", XK_Tab},
    {"space", XK_space},
    {"BackSpace", XK_BackSpace},
    {"Delete", XK_Delete},
    {"Del", XK_Delete},
    {"Insert", XK_Insert},
    {"Ins", XK_Insert},
    {"Escape", XK_Escape},
    {"Esc", XK_Escape},
    {"Home", XK_Home},
    {"End", XK_End},
    {"Page_Up", XK_Page_Up},
    {"Prior", XK_Page_Up},
    {"PgUp", XK_Page_Up},
    {"Page_Down", XK_Page_Down},
    {"Next", XK_Page_Down},
    {"PgDn", XK_Page_Down},
    {"Left", XK_Left},
    {"ArrowLeft", XK_Left},
    {"Right", XK_Right},
    {"ArrowRight", XK_Right},
    {"Up", XK_Up},
    {"ArrowUp", XK_Up},
    {"Down", XK_Down},
    {"ArrowDown", XK_Down},
    {"Caps_Lock", XK_Caps_Lock},
    {"Num_Lock", XK_Num_Lock},
    {"Scroll_Lock", XK_Scroll_Lock},
    {"Print", XK_Print},
    {"PrintScreen", XK_Print},
    {"Pause", XK_Pause},
    {"Menu", XK_Menu},
    {"ContextMenu", XK_Menu},
    {"Shift", XK_Shift_L},
    {"Shift_L", XK_Shift_L},
    {"Shift_R", XK_Shift_R},
    {"Ctrl", XK_Control_L},
    {"Control", XK_Control_L},
    {"Control_L", XK_Control_L},
    {"Control_R", XK_Control_R},
    {"Alt", XK_Alt_L},
    {"Option", XK_Alt_L},
    {"Alt_L", XK_Alt_L},
    {"Alt_R", XK_Alt_R},
    {"AltGr", XK_ISO_Level3_Shift},
    {"ISO_Level3_Shift", XK_ISO_Level3_Shift},
    {"Super", XK_Super_L},
    {"Meta", XK_Super_L},
    {"Win", XK_Super_L},
    {"Cmd", XK_Super_L},
    {"Super_L", XK_Super_L},
    {"Super_R", XK_Super_R},
    {"ISO_Left_Tab", XK_ISO_Left_Tab},
    {"KP_Enter", XK_KP_Enter},
    {"KP_Add", XK_KP_Add},
    {"KP_Subtract", XK_KP_Subtract},
    {"KP_Multiply", XK_KP_Multiply},
    {"KP_Divide", XK_KP_Divide},
    {"plus", XK_plus},
    {"minus", XK_minus},
    {"equal", XK_equal},
    {"comma", XK_comma},
    {"period", XK_period},
    {"slash", XK_slash},
    {"backslash", XK_backslash},
    {"semicolon", XK_semicolon},
    {"colon", XK_colon},
    {"apostrophe", XK_apostrophe},
    {"quotedbl", XK_quotedbl},
    {"grave", XK_grave},
    {"underscore", XK_underscore},
    {"bracketleft", XK_bracketleft},
    {"bracketright", XK_bracketright},
    {"braceleft", XK_braceleft},
    {"braceright", XK_braceright},
    {"parenleft", XK_parenleft},
    {"parenright", XK_parenright},
    {"exclam", XK_exclam},
    {"question", XK_question},
    {"at", XK_at},
    {"numbersign", XK_numbersign},
    {"dollar", XK_dollar},
    {"percent", XK_percent},
    {"asciicircum", XK_asciicircum},
    {"ampersand", XK_ampersand},
    {"asterisk", XK_asterisk},
    {"less", XK_less},
    {"greater", XK_greater},
    {"bar", XK_bar},
    {"asciitilde", XK_asciitilde},
    {"XF86Back", XF86XK_Back},
    {"XF86Forward", XF86XK_Forward},
    {"XF86Reload", XF86XK_Reload},
    {"XF86AudioPlay", XF86XK_AudioPlay},
    {"XF86AudioMute", XF86XK_AudioMute},
    {"XF86AudioRaiseVolume", XF86XK_AudioRaiseVolume},
    {"XF86AudioLowerVolume", XF86XK_AudioLowerVolume},
};
constexpr int kFunctionKeys = 24;

constexpr Keysym kUnicode = 0x01000000;  // plus the code point: any character of Unicode

std::string folded(std::string_view name) {
  std::string plain;
  for (const char c : name) {
    if (c != '_' && c != '-' && c != ' ') plain += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  return plain;
}

std::optional<Keysym> function_key(const std::string& plain) {
  if (plain.size() < 2 || plain.size() > 3 || plain[0] != 'f' || plain[1] == '0') return std::nullopt;
  int number = 0;
  for (const char c : plain.substr(1)) {
    if (c < '0' || c > '9') return std::nullopt;
    number = number * 10 + (c - '0');
  }
  if (number > kFunctionKeys) return std::nullopt;
  return XK_F1 + static_cast<Keysym>(number) - 1;
}

std::vector<std::string> key_names() {
  std::vector<std::string> names;
  for (const NamedKey& key : kKeys) names.emplace_back(key.name);
  for (int number = 1; number <= kFunctionKeys; ++number) names.push_back("F" + std::to_string(number));
  return names;
}

// The character at `i` of valid UTF-8, which it moves on.
char32_t next_code_point(std::string_view text, std::size_t& i) {
  const auto lead = static_cast<unsigned char>(text[i++]);
  if (lead < 0x80) return lead;
  const int more = lead >= 0xF0 ? 3 : lead >= 0xE0 ? 2 : 1;
  char32_t point = lead & (0x3FU >> static_cast<unsigned>(more));
  for (int k = 0; k < more; ++k) point = (point << 6U) | (static_cast<unsigned char>(text[i++]) & 0x3FU);
  return point;
}

// No value for control characters that no key makes.
std::optional<Keysym> key_of_character(char32_t point) {
  switch (point) {
    case U'\n':
    case U'\r':
      return XK_Return;
    case U'\t':
      return XK_Tab;
    case U'\b':
      return XK_BackSpace;
    case 0x1B:
      return XK_Escape;
    case 0x7F:
      return XK_Delete;
    default:
      break;
  }
  if (point < 0x20 || (point >= 0x80 && point < 0xA0)) return std::nullopt;
  if (point < 0x100) return point;
  return kUnicode | point;
}

std::optional<Keysym> only_character(std::string_view text) {
  if (utf8_length(text) != std::optional<std::size_t>(1)) return std::nullopt;
  std::size_t i = 0;
  return key_of_character(next_code_point(text, i));
}

Result<Keysym> find_key(std::string_view name) {
  if (auto character = only_character(name)) return *character;
  const std::string plain = folded(name);
  for (const NamedKey& key : kKeys) {
    if (folded(key.name) == plain) return key.keysym;
  }
  if (auto key = function_key(plain)) return *key;
  const std::string nearest = nearest_name(name, key_names());
  return invalid_argument(
      "no key is called '" + to_valid_utf8(name) + "'",
      nearest.empty() ? "keys are single characters and names such as Return, Tab, Escape, Left, Page_Down, F5, "
                        "ctrl+shift+t; gui_type types text"
                      : "did you mean '" + nearest + "'?");
}

std::optional<Modifier> as_modifier(Keysym key) {
  switch (key) {
    case XK_Shift_L:
    case XK_Shift_R:
      return Modifier::shift;
    case XK_Control_L:
    case XK_Control_R:
      return Modifier::control;
    case XK_Alt_L:
    case XK_Alt_R:
      return Modifier::alt;
    case XK_Super_L:
    case XK_Super_R:
      return Modifier::super;
    default:
      return std::nullopt;
  }
}

// A '+' that stands first, or behind another one, is a key.
std::vector<std::string_view> split_chord(std::string_view text) {
  std::vector<std::string_view> parts;
  std::size_t begin = 0;
  while (begin <= text.size()) {
    std::size_t plus = text.find('+', begin);
    if (plus == begin) plus = text.find('+', begin + 1);
    if (begin == text.size()) break;  // "a+": nothing behind the last one
    parts.push_back(text.substr(begin, plus == std::string_view::npos ? plus : plus - begin));
    if (plus == std::string_view::npos) return parts;
    begin = plus + 1;
  }
  parts.emplace_back();
  return parts;
}

std::string_view trimmed(std::string_view text) {
  while (text.size() > 1 && text.front() == ' ') text.remove_prefix(1);
  while (text.size() > 1 && text.back() == ' ') text.remove_suffix(1);
  return text;
}

Result<Modifier> find_modifier(std::string_view name) {
  static const std::vector<std::string> kNames{"ctrl", "control", "shift", "alt", "super"};
  if (auto key = find_key(name)) {
    if (auto modifier = as_modifier(*key)) return *modifier;
  }
  const std::string nearest = nearest_name(name, kNames);
  return invalid_argument("'" + to_valid_utf8(name) + "' is no modifier",
                          nearest.empty() ? "there are ctrl, shift, alt and super" : "did you mean '" + nearest + "'?");
}

bool is_capital(Keysym key) { return key >= XK_A && key <= XK_Z; }

}  // namespace

Keysym keysym_of(Modifier modifier) {
  switch (modifier) {
    case Modifier::shift:
      return XK_Shift_L;
    case Modifier::control:
      return XK_Control_L;
    case Modifier::alt:
      return XK_Alt_L;
    case Modifier::super:
      return XK_Super_L;
  }
  return XK_Shift_L;
}

Result<Chord> parse_chord(std::string_view text) {
  if (text.empty()) return invalid_argument("the key is empty", "a key is for example Return, F5 or ctrl+shift+t");
  std::vector<std::string_view> parts = split_chord(text);
  for (std::string_view& part : parts) part = trimmed(part);
  if (parts.back().empty()) return invalid_argument("no key follows the last '+' of '" + to_valid_utf8(text) + "'");
  Chord chord;
  for (std::size_t i = 0; i + 1 < parts.size(); ++i) {
    auto modifier = find_modifier(parts[i]);
    if (!modifier) return fail(modifier.error());
    if (std::find(chord.modifiers.begin(), chord.modifiers.end(), *modifier) == chord.modifiers.end()) {
      chord.modifiers.push_back(*modifier);
    }
  }
  auto key = find_key(parts.back());
  if (!key) return fail(key.error());
  chord.key = *key;
  if (is_capital(chord.key) && !chord.modifiers.empty()) chord.key += XK_a - XK_A;
  return chord;
}

Result<std::vector<Modifier>> parse_modifiers(std::string_view text) {
  std::vector<Modifier> modifiers;
  if (text.empty()) return modifiers;
  for (const std::string_view part : split_chord(text)) {
    auto modifier = find_modifier(trimmed(part));
    if (!modifier) return fail(modifier.error());
    modifiers.push_back(*modifier);
  }
  return modifiers;
}

Result<std::vector<Keysym>> keys_of_text(std::string_view text) {
  if (!utf8_length(text)) return invalid_argument("the text is not valid UTF-8");
  std::vector<Keysym> keys;
  for (std::size_t i = 0; i < text.size();) {
    const char32_t point = next_code_point(text, i);
    if (point == U'\r' && i < text.size() && text[i] == '\n') continue;
    auto key = key_of_character(point);
    if (!key) {
      return invalid_argument("character " + std::to_string(keys.size() + 1) + " is a control character (code " +
                                  std::to_string(static_cast<std::uint32_t>(point)) + "), which cannot be typed",
                              "gui_key presses keys such as ctrl+c");
    }
    keys.push_back(*key);
  }
  return keys;
}

}  // namespace ottobot::x11
