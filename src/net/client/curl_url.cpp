#include "net/client/curl_url.hpp"

#include <arpa/inet.h>
#include <curl/curl.h>

#include <memory>

#include "net/http_types.hpp"

namespace ottobot::net {
namespace {

struct UrlCleanup {
  void operator()(CURLU* url) const { curl_url_cleanup(url); }
};

std::string part_of(CURLU* url, CURLUPart part, unsigned flags = 0) {
  char* text = nullptr;
  if (curl_url_get(url, part, &text, flags) != CURLUE_OK) return {};
  std::string value(text);
  curl_free(text);
  return value;
}

}  // namespace

std::optional<UrlParts> parse_url(const std::string& url) {
  const std::unique_ptr<CURLU, UrlCleanup> parsed(curl_url());
  if (!parsed || curl_url_set(parsed.get(), CURLUPART_URL, url.c_str(), 0) != CURLUE_OK) return std::nullopt;
  UrlParts parts;
  parts.scheme = part_of(parsed.get(), CURLUPART_SCHEME);
  parts.host = part_of(parsed.get(), CURLUPART_HOST);
  parts.default_port = part_of(parsed.get(), CURLUPART_PORT).empty();
  parts.port = part_of(parsed.get(), CURLUPART_PORT, CURLU_DEFAULT_PORT);
  parts.target = part_of(parsed.get(), CURLUPART_PATH);
  if (const auto query = part_of(parsed.get(), CURLUPART_QUERY); !query.empty()) parts.target += "?" + query;
  return parts;
}

bool is_loopback(std::string_view host) {
  if (!host.empty() && host.front() == '[') host = host.substr(1, host.size() - 2);
  if (equals_ignore_case(host, "localhost") || host == "::1") return true;
  in_addr v4{};
  return ::inet_pton(AF_INET, std::string(host).c_str(), &v4) == 1 && (ntohl(v4.s_addr) >> 24) == 127;
}

}  // namespace ottobot::net
