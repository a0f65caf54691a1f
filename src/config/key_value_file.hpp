// KEY=VALUE files: `.env` and the file of --config. Pure.
//
// One pair per line; blank lines and lines that start with '#' are skipped, `export ` before a name is allowed. A value
// may be in single quotes (taken as it is) or double quotes (\n, \", \\ and \$ are escapes); without quotes it ends
// before " #" and is trimmed. Nothing is expanded.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "ottobot/error.hpp"

namespace ottobot::config {

struct KeyValueLine {
  std::string key, value;
  int line = 0;  // from 1
};

// `name` is the file's, for messages. Errors: invalid_argument with name and line.
Result<std::vector<KeyValueLine>> parse_key_values(std::string_view text, const std::string& name);

}  // namespace ottobot::config
