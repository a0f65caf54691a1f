// The forms that values of settings take. Pure. A Failure's message is the form that would have been accepted, as in
// "a port number, 1 to 65535"; the caller adds the setting's name.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "ottobot/error.hpp"

namespace ottobot::config {

Result<std::int64_t> parse_integer(std::string_view text, std::int64_t first, std::int64_t last);
Result<double> parse_positive_number(std::string_view text);
// "2g", "512m", "64k", "1024b"; no unit means bytes.
Result<std::uint64_t> parse_size(std::string_view text);
// "7d", "12h", "30m", "45s"; no unit means seconds.
Result<std::chrono::milliseconds> parse_duration(std::string_view text);
// Between commas, trimmed, without empty items.
std::vector<std::string> parse_list(std::string_view text);
// `text` without a slash at its end, when it is http(s)://host[:port], with a path if `with_path`.
Result<std::string> parse_base_url(std::string_view text);

}  // namespace ottobot::config
