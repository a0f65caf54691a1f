#define PCRE2_CODE_UNIT_WIDTH 8
#include "sandboxd/text_search.hpp"

#include <pcre2.h>

#include <algorithm>
#include <array>

namespace ottobot::sandboxd {
namespace {

constexpr std::uint32_t kMatchLimit = 2'000'000;
constexpr std::uint32_t kHeapLimitKib = 16384;

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

}  // namespace

struct TextSearch::Code {
  std::unique_ptr<pcre2_code, Freed<pcre2_code_free>> code;
  std::unique_ptr<pcre2_match_context, Freed<pcre2_match_context_free>> limits;
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
  std::unique_ptr<pcre2_compile_context, Freed<pcre2_compile_context_free>> context(
      pcre2_compile_context_create(nullptr));
  pcre2_set_newline(context.get(), PCRE2_NEWLINE_ANYCRLF);  // so that $ matches before "\r\n"
  compiled->code.reset(pcre2_compile(reinterpret_cast<PCRE2_SPTR>(pattern.data()), pattern.size(),
                                     PCRE2_UTF | PCRE2_MATCH_INVALID_UTF | PCRE2_MULTILINE | PCRE2_NEVER_BACKSLASH_C,
                                     &error, &offset, context.get()));
  if (!compiled->code) {
    return invalid_field(
        "pattern", "is no valid regular expression at offset " + std::to_string(offset) + ": " + message_of(error));
  }
  compiled->limits.reset(pcre2_match_context_create(nullptr));
  pcre2_set_match_limit(compiled->limits.get(), kMatchLimit);
  pcre2_set_heap_limit(compiled->limits.get(), kHeapLimitKib);
  return TextSearch(std::move(compiled));
}

Result<void> TextSearch::search(std::string_view text, const OnLine& on_line) const {
  std::unique_ptr<pcre2_match_data, Freed<pcre2_match_data_free>> match(
      pcre2_match_data_create_from_pattern(code_->code.get(), nullptr));
  std::size_t number = 1;
  std::size_t counted = 0;  // newlines before it are in `number`
  for (std::size_t from = 0; from < text.size();) {
    int found = pcre2_match(code_->code.get(), reinterpret_cast<PCRE2_SPTR>(text.data()), text.size(), from, 0,
                            match.get(), code_->limits.get());
    if (found == PCRE2_ERROR_NOMATCH) return {};
    if (found < 0) return resource_exhausted("the pattern takes too long: " + message_of(found));
    std::size_t at = std::min(pcre2_get_ovector_pointer(match.get())[0], text.size() - 1);
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
