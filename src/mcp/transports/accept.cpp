#include "mcp/transports/accept.hpp"

namespace ottobot::mcp {

namespace {

std::string_view without_parameters(std::string_view media) {
  media = media.substr(0, media.find(';'));
  const auto first = media.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return media.substr(first, media.find_last_not_of(" \t") - first + 1);
}

bool covers(std::string_view range, std::string_view type) {
  if (range == "*/*" || net::equals_ignore_case(range, type)) return true;
  return range.ends_with("/*") &&
         net::equals_ignore_case(range.substr(0, range.size() - 1), type.substr(0, type.find('/') + 1));
}

bool lists(std::string_view accept, std::string_view type) {
  while (true) {
    const auto comma = accept.find(',');
    if (covers(without_parameters(accept.substr(0, comma)), type)) return true;
    if (comma == std::string_view::npos) return false;
    accept.remove_prefix(comma + 1);
  }
}

}  // namespace

bool accepts(const net::Headers& headers, std::string_view type) {
  bool restricted = false;
  for (const auto& [name, value] : headers) {
    if (!net::equals_ignore_case(name, "Accept")) continue;
    if (lists(value, type)) return true;
    restricted = true;
  }
  return !restricted;
}

bool is_json(const net::Headers& headers) {
  const auto type = headers.find("Content-Type");
  return type && net::equals_ignore_case(without_parameters(*type), "application/json");
}

}  // namespace ottobot::mcp
