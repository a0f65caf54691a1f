// File name patterns: `*` and `?` within one part of a path, `**` across parts, `[a-z]`, `{a,b}`.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "ottobot/error.hpp"

namespace ottobot::sandboxd {

class Glob {
 public:
  // A pattern without '/' matches the last part of a path, at any depth. Errors: invalid_argument (empty, too many
  // alternatives, a '[' or '{' without its end).
  static Result<Glob> compile(std::string_view pattern);
  // `path` is relative, without "./".
  bool matches(std::string_view path) const;

 private:
  std::vector<std::string> alternatives_;
  bool base_name_only_ = false;
};

}  // namespace ottobot::sandboxd
