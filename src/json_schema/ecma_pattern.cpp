#include "json_schema/ecma_pattern.hpp"

#include <array>
#include <charconv>
#include <optional>
#include <utility>

namespace ottobot::json_schema {

namespace {

// White space and line ends of ECMA-262 (§12.2, §12.3), and all else, as the inside of a class.
constexpr std::string_view kSpace =
    R"(\x{9}-\x{d}\x{20}\x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000}\x{feff})";
constexpr std::string_view kNoSpace =
    R"(\x{0}-\x{8}\x{e}-\x{1f}\x{21}-\x{9f}\x{a1}-\x{167f}\x{1681}-\x{1fff}\x{200b}-\x{2027}\x{202a}-\x{202e})"
    R"(\x{2030}-\x{205e}\x{2060}-\x{2fff}\x{3001}-\x{fefe}\x{ff00}-\x{10ffff})";
constexpr std::string_view kAnyOnOneLine = R"([^\n\r\x{2028}\x{2029}])";

// PCRE2 knows general categories by their short names only.
constexpr std::array<std::pair<std::string_view, std::string_view>, 40> kCategories{{
    {"Letter", "L"},
    {"Cased_Letter", "L&"},
    {"Uppercase_Letter", "Lu"},
    {"Lowercase_Letter", "Ll"},
    {"Titlecase_Letter", "Lt"},
    {"Modifier_Letter", "Lm"},
    {"Other_Letter", "Lo"},
    {"Mark", "M"},
    {"Combining_Mark", "M"},
    {"Nonspacing_Mark", "Mn"},
    {"Spacing_Mark", "Mc"},
    {"Enclosing_Mark", "Me"},
    {"Number", "N"},
    {"Decimal_Number", "Nd"},
    {"digit", "Nd"},
    {"Letter_Number", "Nl"},
    {"Other_Number", "No"},
    {"Punctuation", "P"},
    {"punct", "P"},
    {"Connector_Punctuation", "Pc"},
    {"Dash_Punctuation", "Pd"},
    {"Open_Punctuation", "Ps"},
    {"Close_Punctuation", "Pe"},
    {"Initial_Punctuation", "Pi"},
    {"Final_Punctuation", "Pf"},
    {"Other_Punctuation", "Po"},
    {"Symbol", "S"},
    {"Math_Symbol", "Sm"},
    {"Currency_Symbol", "Sc"},
    {"Modifier_Symbol", "Sk"},
    {"Other_Symbol", "So"},
    {"Separator", "Z"},
    {"Space_Separator", "Zs"},
    {"Line_Separator", "Zl"},
    {"Paragraph_Separator", "Zp"},
    {"Other", "C"},
    {"Control", "Cc"},
    {"Format", "Cf"},
    {"Private_Use", "Co"},
    {"Unassigned", "Cn"},
}};

std::string code_point(unsigned value) {
  std::array<char, 8> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value, 16).ptr;
  return "\\x{" + std::string(digits.data(), end) + "}";
}

std::optional<unsigned> hex(std::string_view text) {
  unsigned value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

class Translator {
 public:
  explicit Translator(std::string_view source) : rest_(source), source_(source) {}

  Result<std::string> run() {
    while (!rest_.empty()) {
      const char c = take();
      if (c == '\\') {
        if (auto escaped = escape(); !escaped) return fail(escaped.error());
      } else if (in_class_) {
        inside_class(c);
      } else if (auto copied = outside_class(c); !copied) {
        return fail(copied.error());
      }
    }
    return std::move(out_);
  }

 private:
  char take() {
    const char c = rest_.front();
    rest_.remove_prefix(1);
    return c;
  }

  Failure refuse(const std::string& why) const {
    return invalid_argument("\"" + std::string(source_) + "\" is no ECMA-262 regular expression: " + why);
  }

  void inside_class(char c) {
    if (c == ']') in_class_ = false;
    if (c == '[') out_ += '\\';  // [:alpha:] is nothing special here
    out_ += c;
  }

  Result<void> outside_class(char c) {
    if (c == '[') {
      in_class_ = true;
      out_ += c;
      if (rest_.starts_with('^')) out_ += take();
    } else if (c == '.') {
      out_ += kAnyOnOneLine;
    } else if (c == '(') {
      if (rest_.starts_with('*')) return refuse("nothing to repeat after (");
      if (rest_.starts_with('?') && !is_ecma_group())
        return refuse("unknown group (" + std::string(rest_.substr(0, 2)));
      out_ += c;
    } else {
      out_ += c;
    }
    return {};
  }

  bool is_ecma_group() const {
    const std::string_view kind = rest_.substr(1, 2);
    if (kind.starts_with(':') || kind.starts_with('=') || kind.starts_with('!')) return true;
    if (!kind.starts_with('<') || kind.size() < 2) return false;
    const char name = kind[1];
    return name == '=' || name == '!' || name == '_' || name == '$' || ((name | 0x20) >= 'a' && (name | 0x20) <= 'z');
  }

  Result<void> escape() {
    if (rest_.empty()) return refuse("it ends with a backslash");
    const char c = take();
    constexpr std::string_view kSame = "dDwWnrtf";
    const bool is_letter = (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
    if (kSame.find(c) != std::string_view::npos || (c >= '1' && c <= '9') || (!is_letter && c != '0')) {
      out_ += '\\';
      out_ += c;
      return {};
    }
    switch (c) {
      case 's':
      case 'S':
        return add_set(c == 's' ? kSpace : kNoSpace), Result<void>();
      case '0':
        return out_ += code_point(0), Result<void>();
      case 'v':
        return out_ += code_point(0x0b), Result<void>();
      case 'b':
        return out_ += in_class_ ? code_point(0x08) : "\\b", Result<void>();
      case 'x':
        return number(2);
      case 'u':
        return unicode();
      case 'p':
      case 'P':
        return property(c);
      default:
        return other_letter(c);
    }
  }

  Result<void> other_letter(char c) {
    if (c == 'B' && !in_class_) return out_ += "\\B", Result<void>();
    if (c == 'k' && !in_class_ && rest_.starts_with('<')) return out_ += "\\k", Result<void>();
    if (c == 'c' && !rest_.empty() && (rest_.front() | 0x20) >= 'a' && (rest_.front() | 0x20) <= 'z') {
      return out_ += code_point(static_cast<unsigned>(take()) % 32), Result<void>();
    }
    return refuse(std::string("unknown escape \\") + c);
  }

  void add_set(std::string_view inside) {
    if (in_class_) {
      out_ += inside;
    } else {
      out_ += "[" + std::string(inside) + "]";
    }
  }

  Result<void> number(std::size_t digits) {
    const auto value = rest_.size() < digits ? std::nullopt : hex(rest_.substr(0, digits));
    if (!value) return refuse("bad hexadecimal escape");
    rest_.remove_prefix(digits);
    out_ += code_point(*value);
    return {};
  }

  Result<void> unicode() {
    if (rest_.starts_with('{')) {
      const auto end = rest_.find('}');
      const auto value = end == std::string_view::npos ? std::nullopt : hex(rest_.substr(1, end - 1));
      if (!value || *value > 0x10ffff) return refuse("bad unicode escape");
      rest_.remove_prefix(end + 1);
      out_ += code_point(*value);
      return {};
    }
    const auto high = rest_.size() < 4 ? std::nullopt : hex(rest_.substr(0, 4));
    const bool is_pair = high && *high >= 0xd800 && *high < 0xdc00 && rest_.substr(4, 2) == "\\u";
    const auto low = is_pair && rest_.size() >= 10 ? hex(rest_.substr(6, 4)) : std::nullopt;
    if (!low || *low < 0xdc00 || *low > 0xdfff) return number(4);
    rest_.remove_prefix(10);
    out_ += code_point(0x10000 + ((*high - 0xd800) << 10) + (*low - 0xdc00));
    return {};
  }

  Result<void> property(char kind) {
    const auto end = rest_.find('}');
    if (!rest_.starts_with('{') || end == std::string_view::npos) return refuse("a property needs braces");
    std::string_view name = rest_.substr(1, end - 1);
    rest_.remove_prefix(end + 1);
    std::string prefix;
    const auto equals = name.find('=');
    if (equals != std::string_view::npos) {
      const std::string_view key = name.substr(0, equals);
      if (key == "Script" || key == "sc") prefix = "sc:";
      if (key == "Script_Extensions" || key == "scx") prefix = "scx:";
      if (prefix.empty() && key != "General_Category" && key != "gc") return refuse("unknown property");
      name.remove_prefix(equals + 1);
    }
    if (prefix.empty()) {
      for (const auto& [full, brief] : kCategories) {
        if (full == name) name = brief;
      }
    }
    out_ += std::string("\\") + kind + "{" + prefix + std::string(name) + "}";
    return {};
  }

  std::string_view rest_;
  std::string_view source_;
  std::string out_;
  bool in_class_ = false;
};

}  // namespace

Result<std::string> to_pcre(std::string_view ecma) { return Translator(ecma).run(); }

}  // namespace ottobot::json_schema
