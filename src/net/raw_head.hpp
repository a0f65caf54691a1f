// A head's target and fields as http_parser hands them over, in pieces. Private to net/.
#pragma once

#include <http_parser.h>

#include <string>
#include <utility>
#include <vector>

namespace ottobot::net {

struct RawHead {
  std::string target;
  std::vector<std::pair<std::string, std::string>> fields;
  bool in_value = false;

  void add_name(const char* at, std::size_t length) {
    if (fields.empty() || in_value) fields.emplace_back();
    in_value = false;
    fields.back().first.append(at, length);
  }
  void add_value(const char* at, std::size_t length) {
    in_value = true;
    fields.back().second.append(at, length);
  }
  // http_parser keeps white space at the end of a value.
  static std::string trimmed(std::string value) {
    value.erase(value.find_last_not_of(" \t") + 1);
    return value;
  }
};

}  // namespace ottobot::net
