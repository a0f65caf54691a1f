#include "net/byte_range.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

namespace ottobot::net {
namespace {

// A position in a file; one that is too large for any is the largest.
std::optional<std::uint64_t> to_position(std::string_view text) {
  if (text.empty() || text.find_first_not_of("0123456789") != std::string_view::npos) return std::nullopt;
  std::uint64_t number = UINT64_MAX;
  if (std::from_chars(text.data(), text.data() + text.size(), number).ec != std::errc()) return UINT64_MAX;
  return number;
}

bool is_of_version(std::string_view if_range, const FileVersion& version) {
  if (if_range.empty()) return false;
  return if_range == version.etag || if_range == version.last_modified;
}

std::string_view range_set(const Headers& request, const FileVersion& version) {
  constexpr std::string_view kUnit = "bytes=";
  const std::string_view value = request.find("Range").value_or("");
  const auto if_range = request.find("If-Range");
  if (if_range && !is_of_version(*if_range, version)) return {};
  if (!equals_ignore_case(value.substr(0, kUnit.size()), kUnit)) return {};
  return value.substr(kUnit.size());
}

std::string_view without_weakness(std::string_view etag) { return etag.substr(etag.starts_with("W/") ? 2 : 0); }

}  // namespace

bool is_known_version(const Headers& request, const FileVersion& version) {
  if (version.etag.empty()) return false;
  for (const auto& [name, value] : request) {
    if (!equals_ignore_case(name, "If-None-Match")) continue;
    std::string_view rest = value;
    while (!rest.empty()) {
      rest.remove_prefix(std::min(rest.find_first_not_of(" \t,"), rest.size()));
      const std::size_t opening = rest.find('"');
      const std::size_t closing = opening == std::string_view::npos ? opening : rest.find('"', opening + 1);
      if (rest.starts_with('*')) return true;
      if (closing == std::string_view::npos) break;
      if (without_weakness(rest.substr(0, closing + 1)) == version.etag) return true;
      rest.remove_prefix(closing + 1);
    }
  }
  return false;
}

Headers version_headers(const FileVersion& version) {
  Headers headers;
  if (!version.etag.empty()) headers.add("ETag", version.etag);
  if (!version.last_modified.empty()) headers.add("Last-Modified", version.last_modified);
  return headers;
}

ByteRange requested_range(const Headers& request, std::uint64_t size, const FileVersion& version) {
  const ByteRange whole{0, size, false, false};
  const std::string_view range = range_set(request, version);
  const auto dash = range.find('-');
  if (dash == std::string_view::npos) return whole;
  const auto first = to_position(range.substr(0, dash));
  const auto last = to_position(range.substr(dash + 1));
  if (dash == 0) {
    if (!last) return whole;
    const std::uint64_t length = std::min(*last, size);
    return {size - length, length, true, length == 0};
  }
  const bool open_ended = dash + 1 == range.size();
  if (!first || (!last && !open_ended) || (last && *last < *first)) return whole;
  if (*first >= size) return {0, 0, true, true};
  const std::uint64_t end = last ? std::min(*last, size - 1) + 1 : size;
  return {*first, end - *first, true, false};
}

int status_of(const ByteRange& range) {
  if (range.unsatisfiable) return 416;
  return range.partial ? 206 : 200;
}

Headers headers_of(const ByteRange& range, std::uint64_t size, const FileVersion& version) {
  const std::string all = std::to_string(size);
  if (range.unsatisfiable) return {{"Content-Range", "bytes */" + all}};
  Headers headers{{"Accept-Ranges", "bytes"}, {"Content-Length", std::to_string(range.length)}};
  if (range.partial) {
    const std::uint64_t last = range.first + range.length - 1;
    headers.add("Content-Range", "bytes " + std::to_string(range.first) + "-" + std::to_string(last) + "/" + all);
  }
  for (const auto& [name, value] : version_headers(version)) headers.add(name, value);
  return headers;
}

}  // namespace ottobot::net
