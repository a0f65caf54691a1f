// Columns of text, as wide as their widest cell. Pure.
#pragma once

#include <ostream>
#include <string>
#include <vector>

namespace ottobot::cli {

using TableRow = std::vector<std::string>;

// The last column is not padded. Cells are made harmless for terminals; width is counted in code points.
void print_table(std::ostream& out, const TableRow& head, const std::vector<TableRow>& rows);

// `text` on one line, cut at `width` code points with "…".
std::string ellipsis(const std::string& text, std::size_t width);

// "5 s", "12 min", "3 h", "2 d".
std::string rough_duration(std::int64_t seconds);

}  // namespace ottobot::cli
