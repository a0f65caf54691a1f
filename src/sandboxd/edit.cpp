#include "sandboxd/edit.hpp"

#include <algorithm>

#include "sandboxd/near_miss.hpp"
#include "sandboxd/text.hpp"

namespace ottobot::sandboxd {
namespace {

std::size_t count_occurrences(std::string_view content, std::string_view wanted) {
  std::size_t count = 0;
  for (auto at = content.find(wanted); at != std::string_view::npos; at = content.find(wanted, at + wanted.size()))
    ++count;
  return count;
}

// "lines 3, 7 and more".
std::string lines_of(std::string_view content, std::string_view wanted, std::size_t count) {
  constexpr std::size_t kMostNamed = 10;
  std::string names = "lines ";
  std::size_t line = 1;
  std::size_t counted_to = 0;
  std::size_t at = content.find(wanted);
  for (std::size_t named = 0; named < std::min(count, kMostNamed); ++named) {
    line += static_cast<std::size_t>(std::count(content.begin() + static_cast<std::ptrdiff_t>(counted_to),
                                                content.begin() + static_cast<std::ptrdiff_t>(at), '\n'));
    counted_to = at;
    names += (named == 0 ? "" : ", ") + std::to_string(line);
    at = content.find(wanted, at + wanted.size());
  }
  return names + (count > kMostNamed ? " and more" : "");
}

std::string with_crlf(std::string_view text) {
  std::string converted;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '\n' && (at == 0 || text[at - 1] != '\r')) converted += '\r';
    converted += text[at];
  }
  return converted;
}

std::string substitute(const std::string& content, const Replacement& replacement) {
  std::string text;
  std::size_t from = 0;
  for (auto at = content.find(replacement.old_text); at != std::string::npos;
       at = content.find(replacement.old_text, from)) {
    text.append(content, from, at - from).append(replacement.new_text);
    from = at + replacement.old_text.size();
    if (!replacement.all) break;
  }
  return text.append(content, from);
}

void add_lines(std::string& out, char sign, const std::vector<std::string_view>& lines, std::size_t begin,
               std::size_t end, std::size_t max_lines) {
  std::size_t shown_end = std::min(end, begin + max_lines);
  for (std::size_t line = begin; line < shown_end; ++line) {
    std::string_view text = lines[line];
    while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.remove_suffix(1);
    out.append(1, sign).append(text).append("\n");
  }
  if (shown_end < end) out.append(1, sign).append("… " + std::to_string(end - shown_end) + " more lines\n");
}

}  // namespace

Result<EditedText> replace_text(const std::string& content, const Replacement& replacement) {
  if (replacement.old_text.empty()) return invalid_field("old_text", "must not be empty");
  if (replacement.old_text == replacement.new_text) return invalid_field("new_text", "must differ from old_text");
  Replacement wanted = replacement;
  std::size_t count = count_occurrences(content, wanted.old_text);
  if (count == 0 && content.find("\r\n") != std::string::npos) {
    wanted.old_text = with_crlf(replacement.old_text);
    wanted.new_text = with_crlf(replacement.new_text);
    count = count_occurrences(content, wanted.old_text);
  }
  if (count == 0) {
    return not_found("old_text does not occur in the file" + describe_near_miss(content, replacement.old_text),
                     "copy the text exactly as it is in the file, white space included");
  }
  if (count > 1 && !wanted.all) {
    return conflict("old_text occurs " + std::to_string(count) + " times in the file, in " +
                        lines_of(content, wanted.old_text, count),
                    "add surrounding lines to make it unique, or set replace_all");
  }
  return EditedText{substitute(content, wanted), count};
}

std::string short_diff(std::string_view before, std::string_view after, std::size_t max_lines) {
  auto old_lines = split_lines(before);
  auto new_lines = split_lines(after);
  std::size_t shared = std::min(old_lines.size(), new_lines.size());
  std::size_t begin = 0;
  while (begin < shared && old_lines[begin] == new_lines[begin]) ++begin;
  std::size_t same_end = 0;
  while (same_end < shared - begin &&
         old_lines[old_lines.size() - 1 - same_end] == new_lines[new_lines.size() - 1 - same_end]) {
    ++same_end;
  }
  std::string diff;
  std::size_t context = std::min<std::size_t>(begin, 2);
  add_lines(diff, ' ', old_lines, begin - context, begin, max_lines);
  add_lines(diff, '-', old_lines, begin, old_lines.size() - same_end, max_lines);
  add_lines(diff, '+', new_lines, begin, new_lines.size() - same_end, max_lines);
  std::size_t after_end = new_lines.size() - same_end;
  add_lines(diff, ' ', new_lines, after_end, std::min(after_end + 2, new_lines.size()), max_lines);
  return diff;
}

}  // namespace ottobot::sandboxd
