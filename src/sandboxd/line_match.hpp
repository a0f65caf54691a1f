// A text file as lines, and where in it some lines are, more or less. Pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ottobot::sandboxd {

using Lines = std::vector<std::string>;

// Each line keeps its own end.
struct LineFile {
  std::string mark;        // the byte order mark, or empty
  Lines lines;             // without their ends
  std::vector<char> crlf;  // for each line whether it ends with "\r\n"
  bool final_newline = true;
  bool mostly_crlf = false;
};
LineFile split_file(std::string_view content);
std::string join_file(const LineFile& file);

struct LineQuery {
  const Lines& wanted;  // not empty
  std::size_t from = 0;
  std::size_t near = 0;  // of several matches the nearest to this one
  bool at_end = false;   // only one that ends the file
};
// The first line of the match, by the strictest comparison that finds any: exact, then without trailing white space,
// then without any around, then with typographic quotes and dashes as plain ones.
std::optional<std::size_t> find_lines(const Lines& lines, const LineQuery& query);
// One line, white space around it aside.
std::optional<std::size_t> find_line(const Lines& lines, std::size_t from, std::string_view wanted);

// Where most of `wanted` is, for messages; nullopt when no line of it is anywhere.
struct NearMatch {
  std::size_t at = 0;             // where its first line would be
  std::size_t differs_index = 0;  // the first line of `wanted` that is not there
};
std::optional<NearMatch> find_nearest(const Lines& lines, const Lines& wanted);

}  // namespace ottobot::sandboxd
