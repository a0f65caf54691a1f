#include "text_table.hpp"

#include <algorithm>

#include "ottobot/json.hpp"
#include "terminal_text.hpp"

namespace ottobot::cli {
namespace {

std::size_t width_of(const std::string& text) { return utf8_length(text).value_or(text.size()); }

}  // namespace

void print_table(std::ostream& out, const TableRow& head, const std::vector<TableRow>& rows) {
  std::vector<TableRow> all{head};
  all.insert(all.end(), rows.begin(), rows.end());
  std::vector<std::size_t> widths(head.size(), 0);
  for (auto& row : all) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      row[i] = single_line(row[i]);
      widths[i] = std::max(widths[i], width_of(row[i]));
    }
  }
  for (const auto& row : all) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      out << row[i];
      if (i + 1 < row.size()) out << std::string(widths[i] - width_of(row[i]) + 2, ' ');
    }
    out << "\n";
  }
}

std::string ellipsis(const std::string& text, std::size_t width) {
  const std::string line = single_line(text);
  std::size_t count = 0, end = 0, cut = 0;
  for (; end < line.size(); ++end) {
    if ((static_cast<unsigned char>(line[end]) & 0xc0) == 0x80) continue;
    if (count + 1 == width) cut = end;
    if (++count > width) return line.substr(0, cut) + "…";
  }
  return line;
}

std::string rough_duration(std::int64_t seconds) {
  if (seconds < 0) seconds = 0;
  if (seconds < 120) return std::to_string(seconds) + " s";
  if (seconds < 7200) return std::to_string(seconds / 60) + " min";
  if (seconds < 172800) return std::to_string(seconds / 3600) + " h";
  return std::to_string(seconds / 86400) + " d";
}

}  // namespace ottobot::cli
