// The lines of a result, as many as one can hold; the rest is counted.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace ottobot::sandboxd {

class BoundedLines {
 public:
  explicit BoundedLines(std::size_t max_lines) : max_lines_(max_lines) {}

  void add(const std::string& line);
  std::size_t count() const { return count_; }
  // So many that counting on is of no use.
  bool enough() const;
  // The lines, then how many of `noun` ("match", "matches") are left out.
  std::string text(std::string_view one, std::string_view many) const;

 private:
  std::size_t max_lines_;
  std::string text_;
  std::size_t chars_ = 0, shown_ = 0, count_ = 0;
  bool full_ = false;
};

}  // namespace ottobot::sandboxd
