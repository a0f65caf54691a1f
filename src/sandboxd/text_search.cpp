#include "sandboxd/text_search.hpp"

#include <algorithm>
#include <optional>

#include "ottobot/json.hpp"
#include "regex/pcre2.hpp"

namespace ottobot::sandboxd {
namespace {

constexpr std::uint32_t kMatchLimit = 2'000'000;
constexpr std::uint32_t kHeapLimitKib = 16384;

// The matches in a text, run by run of valid UTF-8: other bytes match nothing. A run is checked once, when it is
// reached; with PCRE2_MATCH_INVALID_UTF each match would check all that is left of the text.
class RunSearch {
 public:
  RunSearch(const pcre2_code* code, pcre2_match_context* limits, std::string_view text)
      : code_(code), limits_(limits), text_(text), match_(pcre2_match_data_create_from_pattern(code, nullptr)) {
    enter(0);
  }

  // Where the first match at or after `from`, the start of a line, begins; nullopt when there is none. `from` only
  // grows. Errors: resource_exhausted.
  Result<std::optional<std::size_t>> find(std::size_t from) {
    while (end_ < from) enter(end_ + 1);
    for (;; enter(end_ + 1)) {
      const std::size_t start = std::max(from, begin_) - begin_;
      const int found = pcre2_match(code_, regex::bytes_of(text_.substr(begin_)), end_ - begin_, start, options(),
                                    match_.get(), limits_);
      if (found >= 0) return begin_ + pcre2_get_ovector_pointer(match_.get())[0];
      if (found != PCRE2_ERROR_NOMATCH)
        return resource_exhausted("the pattern takes too long: " + regex::message_of(found));
      if (end_ == text_.size()) return std::nullopt;
    }
  }

 private:
  void enter(std::size_t begin) {
    begin_ = begin;
    end_ = begin + utf8_valid_prefix(text_.substr(begin));
  }
  std::uint32_t options() const {
    return PCRE2_NO_UTF_CHECK | (begin_ > 0 ? PCRE2_NOTBOL : 0) | (end_ < text_.size() ? PCRE2_NOTEOL : 0);
  }

  const pcre2_code* code_;
  pcre2_match_context* limits_;
  std::string_view text_;
  regex::MatchData match_;
  std::size_t begin_ = 0, end_ = 0;  // of the run
};

}  // namespace

struct TextSearch::Code {
  regex::Code code;
  regex::MatchContext limits;
};

TextSearch::TextSearch(std::unique_ptr<Code> code) : code_(std::move(code)) {}
TextSearch::TextSearch(TextSearch&&) noexcept = default;
TextSearch& TextSearch::operator=(TextSearch&&) noexcept = default;
TextSearch::~TextSearch() = default;

Result<TextSearch> TextSearch::compile(const std::string& pattern) {
  int error = 0;
  PCRE2_SIZE offset = 0;
  if (pattern.empty()) return invalid_field("pattern", "must not be empty");
  auto compiled = std::make_unique<Code>();
  const regex::CompileContext context(pcre2_compile_context_create(nullptr));
  pcre2_set_newline(context.get(), PCRE2_NEWLINE_ANYCRLF);  // so that $ matches before "\r\n"
  compiled->code.reset(pcre2_compile(regex::bytes_of(pattern), pattern.size(),
                                     PCRE2_UTF | PCRE2_MULTILINE | PCRE2_NEVER_BACKSLASH_C, &error, &offset,
                                     context.get()));
  if (!compiled->code) {
    return invalid_field("pattern", "is no valid regular expression at offset " + std::to_string(offset) + ": " +
                                        regex::message_of(error));
  }
  compiled->limits = regex::match_limits(kMatchLimit, kHeapLimitKib);
  return TextSearch(std::move(compiled));
}

Result<void> TextSearch::search(std::string_view text, const OnLine& on_line) const {
  RunSearch runs(code_->code.get(), code_->limits.get(), text);
  std::size_t number = 1;
  std::size_t counted = 0;  // newlines before it are in `number`
  for (std::size_t from = 0; from < text.size();) {
    auto found = runs.find(from);
    if (!found) return fail(found.error());
    if (!*found) return {};
    std::size_t at = std::min(**found, text.size() - 1);
    number += static_cast<std::size_t>(std::count(text.begin() + static_cast<std::ptrdiff_t>(counted),
                                                  text.begin() + static_cast<std::ptrdiff_t>(at), '\n'));
    counted = at;
    std::size_t begin = at == 0 ? 0 : text.rfind('\n', at - 1) + 1;  // npos + 1 is 0
    std::size_t end = std::min(text.find('\n', at), text.size());
    std::string_view line = text.substr(begin, end - begin);
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    if (!on_line({number, line, std::min(at - begin, line.size())})) return {};
    from = end + 1;
  }
  return {};
}

}  // namespace ottobot::sandboxd
