#include "json_schema/pattern.hpp"

#include "json_schema/ecma_pattern.hpp"
#include "regex/pcre2.hpp"

namespace ottobot::json_schema {

namespace {

constexpr std::uint32_t kMatchLimit = 500'000;
constexpr std::uint32_t kHeapLimitKib = 8192;
constexpr std::uint32_t kOptions = PCRE2_UTF | PCRE2_MATCH_INVALID_UTF | PCRE2_DOLLAR_ENDONLY |
                                   PCRE2_ALLOW_EMPTY_CLASS | PCRE2_MATCH_UNSET_BACKREF | PCRE2_NEVER_BACKSLASH_C;

}  // namespace

struct Pattern::Code {
  regex::Code code;
  regex::MatchContext limits;
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
  compiled->code.reset(
      pcre2_compile(regex::bytes_of(*translated), translated->size(), kOptions, &error, &offset, nullptr));
  if (!compiled->code)
    return invalid_argument("\"" + ecma + "\" is no regular expression: " + regex::message_of(error));
  compiled->limits = regex::match_limits(kMatchLimit, kHeapLimitKib);
  return Pattern(ecma, std::move(compiled));
}

Pattern::Match Pattern::find_in(std::string_view text) const {
  const regex::MatchData match(pcre2_match_data_create(1, nullptr));
  const int found =
      pcre2_match(code_->code.get(), regex::bytes_of(text), text.size(), 0, 0, match.get(), code_->limits.get());
  if (found >= 0) return Match::yes;
  return found == PCRE2_ERROR_NOMATCH ? Match::no : Match::gave_up;
}

}  // namespace ottobot::json_schema
