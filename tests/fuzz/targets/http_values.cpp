// Single values of HTTP: escapes, ranges, encoded header values. Three lines: path, Range, MCP header value.
#include "fuzz/property.hpp"
#include "fuzz/targets.hpp"
#include "mcp/base64.hpp"
#include "mcp/http_binding.hpp"
#include "net/byte_range.hpp"
#include "net/http_types.hpp"

namespace ottobot::fuzz {
namespace {

void check_path(std::string_view path) {
  const auto decoded = net::percent_decode(path);
  if (decoded) require(decoded->find('\0') == std::string::npos, "no NUL is let in");
  const auto again = net::percent_decode(net::percent_encode_path(path));
  if (path.find('\0') == std::string_view::npos) require(again == path, "what is escaped comes back");
}

void check_range(std::string_view range) {
  const net::FileVersion version{"\"tag\"", "Sun, 06 Nov 1994 08:49:37 GMT"};
  const net::Headers request{{"Range", std::string(range)}, {"If-None-Match", std::string(range)}};
  net::is_known_version(request, version);
  for (const std::uint64_t size : {std::uint64_t{0}, std::uint64_t{1000}, std::uint64_t{INT64_MAX}}) {
    const auto part = net::requested_range(request, size, version);
    const int status = net::status_of(part);
    require(status == 200 || status == 206 || status == 416, "a range has its three answers");
    if (status != 416) require(part.first <= size && part.length <= size - part.first, "a range is inside of the file");
    net::headers_of(part, size, version);
  }
}

void check_header_value(std::string_view value) {
  const std::string encoded = mcp::http_binding::encode_value(value);
  require(mcp::http_binding::decode_value(encoded) == value, "an encoded header value comes back");
  require(mcp::decode_base64(mcp::encode_base64(value)) == value, "base64 comes back");
  if (const auto bytes = mcp::decode_base64(value)) {
    require(mcp::encode_base64(*bytes) == value, "base64 has one form");
  }
  mcp::http_binding::decode_value(value);
}

}  // namespace

void http_values(std::string_view input) {
  const auto [path, rest] = halves_of(input, "\n");
  const auto [range, value] = halves_of(rest, "\n");
  check_path(path);
  check_range(range);
  check_header_value(value);
}

}  // namespace ottobot::fuzz
