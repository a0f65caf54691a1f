#include "api/links.hpp"

namespace ottobot::api {
namespace {

bool is_wildcard(std::string_view host) { return host.empty() || host == "0.0.0.0" || host == "::" || host == "[::]"; }

std::string bracketed(const std::string& host) {
  const bool is_ipv6 = host.find(':') != std::string::npos && !host.starts_with('[');
  return is_ipv6 ? "[" + host + "]" : host;
}

// A Host field that can stand in a URL as it is; empty otherwise.
std::string usable_authority(const net::RequestHead& head) {
  const auto host = head.headers.find("Host");
  constexpr std::string_view kAllowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_:[]";
  if (!host || host->find_first_not_of(kAllowed) != std::string_view::npos) return {};
  return std::string(*host);
}

std::string without_port(const std::string& authority) {
  const std::size_t bracket = authority.find(']');
  if (bracket != std::string::npos) return authority.substr(0, bracket + 1);
  return authority.substr(0, authority.find(':'));
}

std::string without_trailing_slash(std::string url) {
  while (url.ends_with('/')) url.pop_back();
  return url;
}

// "prefix/" of http://host/prefix; empty for http://host.
std::string path_prefix(const std::string& base) {
  const std::size_t slash = base.find('/', base.find("://") + 3);
  return slash == std::string::npos ? "" : base.substr(slash + 1) + "/";
}

}  // namespace

Links::Links(LinkOptions options, const net::RequestHead& head) : has_public_url_(!options.public_url.empty()) {
  const std::string own = is_wildcard(options.host) ? "localhost" : bracketed(options.host);
  std::string authority = own + ":" + std::to_string(options.port);
  if (is_wildcard(options.host)) {
    if (std::string asked = usable_authority(head); !asked.empty()) authority = std::move(asked);
  }
  host_ = without_port(authority);
  const std::string own_base = (head.over_tls ? "https://" : "http://") + authority;
  base_ = has_public_url_ ? without_trailing_slash(std::move(options.public_url)) : own_base;
}

std::string Links::chat_url(const std::string& session_id) const {
  const bool is_http = base_.starts_with("http");
  return (is_http ? "ws" + base_.substr(4) : base_) + "/session/" + session_id + "/chat";
}

std::string Links::vnc_url(const std::string& session_id, int vnc_port, const std::string& ticket) const {
  // The session's own port listens on loopback only.
  const bool is_local = host_ == "localhost" || host_ == "[::1]" || host_.starts_with("127.");
  if (vnc_port != 0 && !has_public_url_ && is_local) {
    return "http://" + host_ + ":" + std::to_string(vnc_port) + "/vnc.html?" + vnc_page_query("websockify", ticket);
  }
  const std::string folder = "session/" + session_id + "/vnc/";
  return base_ + "/" + folder + "vnc.html?" + vnc_page_query(path_prefix(base_) + folder + "websockify", ticket);
}

Json Links::in_full(Json shown) const {
  for (const char* name : {"data", "metadata"}) {
    const auto member = shown.find(name);
    if (member == shown.end() || !member->is_object()) continue;
    const auto url = member->find("download_url");
    if (url == member->end() || !url->is_string()) continue;
    if (const std::string path = url->get<std::string>(); path.starts_with('/')) *url = base_ + path;
  }
  return shown;
}

std::string vnc_page_query(const std::string& websocket_path, const std::string& ticket) {
  const std::string query = "autoconnect=1&reconnect=1&resize=scale&path=" + websocket_path;
  return ticket.empty() ? query : query + "%3Fticket%3D" + ticket + "&ticket=" + ticket;
}

}  // namespace ottobot::api
