#include "api/accept.hpp"

#include <algorithm>
#include <cstdlib>
#include <string>

#include "net/http_types.hpp"

namespace ottobot::api {
namespace {

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

// The weight of one media range (RFC 9110 §12.4.2).
double weight_of(std::string_view parameters) {
  while (!parameters.empty()) {
    const auto end = std::min(parameters.find(';'), parameters.size());
    const std::string_view parameter = trimmed(parameters.substr(0, end));
    if (net::equals_ignore_case(parameter.substr(0, 2), "q=")) {
      return std::strtod(std::string(parameter.substr(2)).c_str(), nullptr);
    }
    parameters.remove_prefix(std::min(parameters.size(), end + 1));
  }
  return 1;
}

}  // namespace

double accept_weight(std::string_view accept, std::string_view type) {
  double weight = 0;
  while (!accept.empty()) {
    const auto end = std::min(accept.find(','), accept.size());
    const std::string_view range = accept.substr(0, end);
    accept.remove_prefix(std::min(accept.size(), end + 1));
    const auto parameters = std::min(range.find(';'), range.size());
    if (!net::equals_ignore_case(trimmed(range.substr(0, parameters)), type)) continue;
    weight = std::max(weight, weight_of(range.substr(parameters)));
  }
  return weight;
}

}  // namespace ottobot::api
