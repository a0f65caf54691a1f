#include "api/preview_target.hpp"

#include <algorithm>
#include <charconv>

#include "ottobot/ids.hpp"

namespace ottobot::api {
namespace {

constexpr std::string_view kHexDigits = "0123456789abcdef";

// Host names have no case, ids do.
std::string to_hex(std::string_view text) {
  std::string hex;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    hex += {kHexDigits[byte >> 4U], kHexDigits[byte & 0xFU]};
  }
  return hex;
}

// Empty if it is none.
std::string from_hex(std::string_view hex) {
  std::string text;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    const auto high = kHexDigits.find(hex[i]), low = kHexDigits.find(hex[i + 1]);
    if (high == std::string_view::npos || low == std::string_view::npos) return {};
    text += static_cast<char>(high * 16 + low);
  }
  return hex.size() % 2 == 0 ? text : std::string();
}

int parse_port(std::string_view text) {
  int port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  const bool good = error == std::errc{} && end == text.data() + text.size() && port > 0 && port <= 65535;
  return good ? port : 0;
}

std::string lower(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return result;
}

// Most requests are for no app: that shows at once.
bool may_be_own_host(std::string_view host) {
  const std::size_t digits = std::min(host.find_first_not_of("0123456789"), host.size());
  return digits > 0 && host.substr(digits, 1) == "-";
}

// "5173-4a6b…" of "5173-4a6b….domain:3000"; empty when the host is not right below the domain.
std::string label_below(const std::string& host, const std::string& domain) {
  const std::string name = lower(std::string_view(host).substr(0, host.find(':')));
  const std::string suffix = "." + lower(domain);
  if (domain.empty() || !name.ends_with(suffix)) return {};
  const std::string label = name.substr(0, name.size() - suffix.size());
  return label.find('.') == std::string::npos ? label : std::string();
}

// Takes the parameter's values out of the query; the first counts.
std::string take_param(std::string& query, std::string_view name) {
  std::string value, rest;
  bool found = false;
  for (std::size_t start = 0; start < query.size();) {
    const std::size_t end = std::min(query.find('&', start), query.size());
    const std::string_view pair = std::string_view(query).substr(start, end - start);
    start = end + 1;
    const std::size_t equals = std::min(pair.find('='), pair.size());
    if (pair.substr(0, equals) != name) {
      rest.append(rest.empty() ? "" : "&").append(pair);
    } else if (!std::exchange(found, true)) {
      value = net::percent_decode(pair.substr(std::min(equals + 1, pair.size()))).value_or("?");
    }
  }
  if (found) query = rest;
  return value;
}

// Of two names the one that only this server can have set.
std::string cookie_ticket(const net::Headers& headers) {
  std::string found;
  for (const auto& [name, value] : headers) {
    if (!net::equals_ignore_case(name, "Cookie")) continue;
    for (std::size_t start = 0; start < value.size();) {
      start = std::min(value.find_first_not_of(" ;", start), value.size());
      const std::size_t end = std::min(value.find(';', start), value.size());
      const std::size_t equals = std::min(value.find('=', start), end);
      const std::string cookie = value.substr(start, equals - start);
      const std::string ticket = value.substr(std::min(equals + 1, end), end - std::min(equals + 1, end));
      if (cookie == kSecurePreviewTicket) return ticket;
      if (cookie == kPreviewTicket && found.empty()) found = ticket;
      start = end;
    }
  }
  return found;
}

std::optional<PreviewTarget> target_at_own_host(const net::RequestHead& head, const std::string& label,
                                                bool has_tickets) {
  const std::size_t dash = label.find('-');
  if (dash == std::string::npos) return std::nullopt;
  PreviewTarget target;
  target.port = parse_port(std::string_view(label).substr(0, dash));
  target.session_id = from_hex(std::string_view(label).substr(dash + 1));
  if (target.port == 0 || !is_valid_id(target.session_id)) return std::nullopt;
  target.own_host = true;
  target.path = head.path;
  target.query = head.query;
  if (!has_tickets) return target;
  target.ticket = take_param(target.query, kPreviewTicket);
  target.ticket_in_query = !target.ticket.empty();
  if (target.ticket.empty()) target.ticket = cookie_ticket(head.headers);
  return target;
}

// "/~PAYLOAD.SIGNATURE"; "/~ann/" is the app's.
bool may_be_ticket(std::string_view segment) {
  return segment.starts_with("/~") && segment.find('.') != std::string_view::npos;
}

std::optional<PreviewTarget> target_at_path(const net::RequestHead& head, bool has_tickets) {
  constexpr std::string_view kSession = "/session/", kPreview = "/preview/";
  const std::string_view path = head.path;
  const std::size_t id_end = path.find('/', kSession.size());
  if (!path.starts_with(kSession) || id_end == std::string_view::npos) return std::nullopt;
  if (path.substr(id_end, kPreview.size()) != kPreview) return std::nullopt;
  const std::size_t port_begin = id_end + kPreview.size();
  std::size_t end = std::min(path.find('/', port_begin), path.size());
  PreviewTarget target;
  target.session_id = net::percent_decode(path.substr(kSession.size(), id_end - kSession.size())).value_or("");
  target.port = parse_port(path.substr(port_begin, end - port_begin));
  target.query = head.query;
  const std::size_t segment_end = std::min(path.find('/', end + 1), path.size());
  if (has_tickets && may_be_ticket(path.substr(end, segment_end - end))) {
    target.ticket = path.substr(end + 2, segment_end - end - 2);
    end = segment_end;
  } else if (has_tickets) {
    target.ticket = take_param(target.query, "ticket");
    target.ticket_in_query = !target.ticket.empty();
  }
  target.prefix = path.substr(0, end);
  target.path = path.substr(end);
  return target;
}

}  // namespace

std::optional<PreviewTarget> parse_preview_target(const net::RequestHead& head, const PreviewAddresses& addresses) {
  const std::string host(head.headers.find("Host").value_or(""));
  if (!addresses.domain.empty() && may_be_own_host(host)) {
    for (const std::string& below : {addresses.domain, std::string(kLocalDomain)}) {
      if (const std::string label = label_below(host, below); !label.empty()) {
        if (auto target = target_at_own_host(head, label, addresses.has_tickets)) return target;
      }
    }
  }
  return target_at_path(head, addresses.has_tickets);
}

std::string told_prefix(const PreviewTarget& target) {
  return "/session/" + target.session_id + "/preview/" + std::to_string(target.port);
}

bool is_ticket_cookie(std::string_view name) { return name == kPreviewTicket || name == kSecurePreviewTicket; }

std::string preview_host(const std::string& session_id, int port, const std::string& domain) {
  return std::to_string(port) + "-" + to_hex(session_id) + "." + domain;
}

std::string path_and_query(const std::string& path, const std::string& query) {
  return query.empty() ? path : path + "?" + query;
}

std::string with_param(const std::string& name, const std::string& value, const std::string& query) {
  return name + "=" + value + (query.empty() ? "" : "&" + query);
}

}  // namespace ottobot::api
