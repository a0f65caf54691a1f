#include "api/preview_headers.hpp"

#include <algorithm>

namespace ottobot::api {
namespace {

bool is_one_of(std::string_view name, std::initializer_list<std::string_view> names) {
  return std::any_of(names.begin(), names.end(),
                     [&](std::string_view other) { return net::equals_ignore_case(name, other); });
}

// RFC 9110 §7.6.1: they end with the connection.
bool is_hop_by_hop(std::string_view name, const net::Headers& headers) {
  return is_one_of(name, {"Connection", "Keep-Alive", "Proxy-Connection", "Proxy-Authenticate", "Proxy-Authorization",
                          "TE", "Trailer", "Transfer-Encoding", "Upgrade"}) ||
         headers.has_token("Connection", name);
}

std::string app_origin(int port) { return "http://localhost:" + std::to_string(port); }

std::string without_ticket(std::string_view cookies) {
  std::string kept;
  for (std::size_t start = 0; start < cookies.size();) {
    const std::size_t end = std::min(cookies.find(';', start), cookies.size());
    std::string_view cookie = cookies.substr(start, end - start);
    start = end + 1;
    cookie.remove_prefix(std::min(cookie.find_first_not_of(' '), cookie.size()));
    if (is_ticket_cookie(cookie.substr(0, cookie.find('=')))) continue;
    kept.append(kept.empty() ? "" : "; ").append(cookie);
  }
  return kept;
}

// A cookie of the app's own host only; empty = it must not set it.
std::string own_cookie(std::string_view set_cookie) {
  if (is_ticket_cookie(set_cookie.substr(0, set_cookie.find('=')))) return {};
  std::string kept;
  for (std::size_t start = 0; start < set_cookie.size();) {
    const std::size_t end = std::min(set_cookie.find(';', start), set_cookie.size());
    std::string_view part = set_cookie.substr(start, end - start);
    start = end + 1;
    part.remove_prefix(std::min(part.find_first_not_of(' '), part.size()));
    if (net::equals_ignore_case(part.substr(0, std::min(part.find('='), part.size())), "Domain")) continue;
    kept.append(kept.empty() ? "" : "; ").append(part);
  }
  return kept;
}

// A page's URL at the app's own host, as the app knows it; empty = it is none of the app's.
std::string app_url(std::string_view url, const net::RequestHead& head, const PreviewTarget& target) {
  const std::size_t authority = url.find("://");
  if (!target.own_host || authority == std::string_view::npos) return {};
  const std::size_t path = std::min(url.find('/', authority + 3), url.size());
  const std::string_view host = url.substr(authority + 3, path - authority - 3);
  if (!net::equals_ignore_case(host, head.headers.find("Host").value_or(""))) return {};
  return app_origin(target.port) + std::string(url.substr(path));
}

// Sandboxed without allow-same-origin: a page of no origin, which has nothing of ours.
constexpr const char* kSandbox =
    "sandbox allow-scripts allow-forms allow-modals allow-popups allow-downloads allow-pointer-lock";

// Kept by browsers for longer than the app lives, told to others, or about more than the app's own host.
bool reaches_beyond_app(std::string_view name) {
  return is_one_of(
      name, {"Alt-Svc", "Strict-Transport-Security", "NEL", "Report-To", "Reporting-Endpoints", "Clear-Site-Data"});
}

bool reaches_beyond_path(std::string_view name) {
  return is_one_of(name, {"Set-Cookie", "Service-Worker-Allowed", "Access-Control-Allow-Origin",
                          "Access-Control-Allow-Credentials"});
}

}  // namespace

net::Headers headers_for_app(const net::RequestHead& head, const PreviewTarget& target, bool hide_authorization) {
  net::Headers headers{{"Host", "localhost:" + std::to_string(target.port)}};
  for (const auto& [name, value] : head.headers) {
    std::string told = value;
    if (is_hop_by_hop(name, head.headers) ||
        is_one_of(name, {"Host", "Content-Length", "Expect", "Forwarded", "X-Forwarded-For", "X-Forwarded-Host",
                         "X-Forwarded-Proto", "X-Forwarded-Port", "X-Ottobot-Caller"})) {
      continue;
    }
    if (is_one_of(name, {"Sec-Fetch-Site"}) && !target.own_host) continue;  // of no origin: always cross-site
    if (hide_authorization && is_one_of(name, {"Authorization"})) continue;
    if (is_one_of(name, {"Cookie"})) told = target.own_host ? without_ticket(value) : std::string();
    if (is_one_of(name, {"Origin"})) {
      const std::string own = app_url(value, head, target);
      told = own.empty() && !target.own_host ? app_origin(target.port) : own.empty() ? value : own;
    }
    if (is_one_of(name, {"Referer"})) told = app_url(value, head, target);
    if (!told.empty()) headers.add(name, told);
  }
  return headers;
}

net::Headers headers_for_browser(const net::Headers& from_app, const PreviewTarget& target) {
  net::Headers headers;
  for (const auto& [name, value] : from_app) {
    std::string told = value;
    if (is_hop_by_hop(name, from_app) || reaches_beyond_app(name)) continue;
    if (!target.own_host && reaches_beyond_path(name)) continue;
    if (is_one_of(name, {"Set-Cookie"})) told = own_cookie(value);
    if (is_one_of(name, {"Location", "Content-Location"})) {
      if (auto path = own_path(value, target.port)) {
        const std::string known = told_prefix(target);
        if (!target.own_host && path->starts_with(known + "/")) path->erase(0, known.size());
        told = target.prefix + *path;
      }
    }
    if (!told.empty()) headers.add(name, told);
  }
  if (!target.own_host) {
    headers.add("Content-Security-Policy", kSandbox);
    headers.add("Access-Control-Allow-Origin", "*");  // its own scripts are of another origin than it
  }
  return headers;
}

std::optional<std::string> own_path(std::string_view location, int port) {
  if (location.starts_with('/') && !location.starts_with("//")) return std::string(location);
  const std::string number = std::to_string(port);
  for (const std::string& host : {"localhost:" + number, "127.0.0.1:" + number, "[::1]:" + number}) {
    for (const char* scheme : {"http://", "//"}) {
      const std::string origin = scheme + host;
      if (!location.starts_with(origin)) continue;
      const std::string_view rest = location.substr(origin.size());
      if (rest.empty() || rest.front() == '/')
        return "/" + std::string(rest.substr(std::min<std::size_t>(1, rest.size())));
    }
  }
  return std::nullopt;
}

}  // namespace ottobot::api
