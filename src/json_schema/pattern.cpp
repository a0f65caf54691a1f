#define PCRE2_CODE_UNIT_WIDTH 8
#include "json_schema/pattern.hpp"

#include <pcre2.h>

#include <array>

#include "json_schema/ecma_pattern.hpp"

namespace ottobot::json_schema {

namespace {

constexpr std::uint32_t kMatchLimit = 500'000;
constexpr std::uint32_t kHeapLimitKib = 8192;
constexpr std::uint32_t kOptions = PCRE2_UTF | PCRE2_MATCH_INVALID_UTF | PCRE2_DOLLAR_ENDONLY |
                                   PCRE2_ALLOW_EMPTY_CLASS | PCRE2_MATCH_UNSET_BACKREF | PCRE2_NEVER_BACKSLASH_C;

template <auto Free>
struct Freed {
  template <class T>
  void operator()(T* object) const {
    Free(object);
  }
};

std::string message_of(int error) {
  std::array<PCRE2_UCHAR, 256> text{};
  pcre2_get_error_message(error, text.data(), text.size());
  return reinterpret_cast<const char*>(text.data());
}

PCRE2_SPTR bytes_of(std::string_view text) { return reinterpret_cast<PCRE2_SPTR>(text.data()); }

}  // namespace

struct Pattern::Code {
  std::unique_ptr<pcre2_code, Freed<pcre2_code_free>> code;
  std::unique_ptr<pcre2_match_context, Freed<pcre2_match_context_free>> limits;
};

Pattern::Pattern(std::string source, std::unique_ptr<Code> code) : source_(std::move(source)), code_(std::move(code)) {}
Pattern::Pattern(Pattern&&) noexcept = default;
Pattern& Pattern::operator=(Pattern&&) noexcept = default;
Pattern::~Pattern() = default;

Result<Pattern> Pattern::compile(const std::string& ecma) {
  const auto translated = to_pcre(ecma);
  if (!translated) return fail(translated.error());
  int error = 0;
  PCRE2_SIZE offset = 0;
  auto compiled = std::make_unique<Code>();
  compiled->code.reset(pcre2_compile(bytes_of(*translated), translated->size(), kOptions, &error, &offset, nullptr));
  if (!compiled->code) return invalid_argument("\"" + ecma + "\" is no regular expression: " + message_of(error));
  compiled->limits.reset(pcre2_match_context_create(nullptr));
  pcre2_set_match_limit(compiled->limits.get(), kMatchLimit);
  pcre2_set_heap_limit(compiled->limits.get(), kHeapLimitKib);
  return Pattern(ecma, std::move(compiled));
}

Pattern::Match Pattern::find_in(std::string_view text) const {
  const std::unique_ptr<pcre2_match_data, Freed<pcre2_match_data_free>> match(pcre2_match_data_create(1, nullptr));
  const int found = pcre2_match(code_->code.get(), bytes_of(text), text.size(), 0, 0, match.get(), code_->limits.get());
  if (found >= 0) return Match::yes;
  return found == PCRE2_ERROR_NOMATCH ? Match::no : Match::gave_up;
}

}  // namespace ottobot::json_schema
