#include "api/client_view.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <optional>

namespace ottobot::api {
namespace {

using Address = std::array<unsigned char, 16>;
constexpr int kMappedBits = 96;  // of ::ffff:0:0/96, where IPv4 addresses are

std::optional<Address> parse_address(std::string_view text) {
  const std::string terminated(text);
  Address address{};
  if (::inet_pton(AF_INET6, terminated.c_str(), address.data()) == 1) return address;
  if (::inet_pton(AF_INET, terminated.c_str(), address.data() + 12) != 1) return std::nullopt;
  address[10] = address[11] = 0xff;
  return address;
}

Result<Network> parse_network(std::string_view text) {
  const auto slash = text.find('/');
  const auto address = parse_address(text.substr(0, slash));
  const auto wrong = [&] {
    return invalid_argument("\"" + std::string(text) + "\" is no address or network",
                            "OTTOBOT_TRUSTED_PROXIES lists such as 127.0.0.1 and 10.0.0.0/8");
  };
  if (!address) return wrong();
  Network network{*address, 128};
  if (slash == std::string_view::npos) return network;
  const bool is_ipv4 = text.find(':') == std::string_view::npos;
  const auto bits = text.substr(slash + 1);
  const auto [end, error] = std::from_chars(bits.data(), bits.data() + bits.size(), network.prefix_bits);
  if (error != std::errc() || end != bits.data() + bits.size() || network.prefix_bits < 0) return wrong();
  if (network.prefix_bits > (is_ipv4 ? 32 : 128)) return wrong();
  if (is_ipv4) network.prefix_bits += kMappedBits;
  return network;
}

bool is_in(const Address& address, const Network& network) {
  const auto whole = static_cast<std::size_t>(network.prefix_bits / 8);
  if (std::memcmp(address.data(), network.address.data(), whole) != 0) return false;
  const int rest = network.prefix_bits % 8;
  return rest == 0 || (address[whole] ^ network.address[whole]) >> (8 - rest) == 0;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

// What the nearest proxy wrote is last.
std::string_view last_item(std::string_view list) {
  const auto comma = list.rfind(',');
  return trimmed(comma == std::string_view::npos ? list : list.substr(comma + 1));
}

bool is_authority(std::string_view text) {
  constexpr std::string_view kAllowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_:[]";
  return !text.empty() && text.find_first_not_of(kAllowed) == std::string_view::npos;
}

// All fields of the name as one list.
std::string joined(const net::Headers& headers, std::string_view name) {
  std::string list;
  for (const auto& [field, value] : headers) {
    if (net::equals_ignore_case(field, name)) list += (list.empty() ? "" : ",") + value;
  }
  return list;
}

}  // namespace

Result<std::vector<Network>> parse_networks(const std::vector<std::string>& texts) {
  std::vector<Network> networks;
  for (const std::string& text : texts) {
    auto network = parse_network(text);
    if (!network) return fail(network.error());
    networks.push_back(*network);
  }
  return networks;
}

bool contains(const std::vector<Network>& networks, std::string_view text) {
  const auto address = parse_address(text);
  return address && std::any_of(networks.begin(), networks.end(),
                                [&](const Network& network) { return is_in(*address, network); });
}

std::string_view without_port(std::string_view peer) {
  if (peer.starts_with('[')) return peer.substr(1, peer.find(']') - 1);
  const auto colon = peer.find(':');
  const bool has_port = colon != std::string_view::npos && peer.find(':', colon + 1) == std::string_view::npos;
  return has_port ? peer.substr(0, colon) : peer;
}

std::string client_address(const net::RequestHead& head, const std::vector<Network>& trusted) {
  std::string address(without_port(head.peer));
  const std::string list = joined(head.headers, "X-Forwarded-For");
  for (std::string_view rest = list; !rest.empty() && contains(trusted, address);) {
    const auto next = without_port(last_item(rest));
    if (!parse_address(next)) break;
    address = next;
    rest = rest.substr(0, rest.find(',') == std::string_view::npos ? 0 : rest.rfind(','));
  }
  return address;
}

std::string forwarded_base(const net::RequestHead& head, const std::vector<Network>& trusted) {
  if (!contains(trusted, without_port(head.peer))) return {};
  const std::string protos = joined(head.headers, "X-Forwarded-Proto");
  const std::string hosts = joined(head.headers, "X-Forwarded-Host");
  if (protos.empty() && hosts.empty()) return {};
  const std::string_view proto = last_item(protos);
  const std::string_view host = hosts.empty() ? head.headers.find("Host").value_or("") : last_item(hosts);
  if (!is_authority(host) || (!protos.empty() && proto != "https" && proto != "http")) return {};
  return std::string(proto == "https" ? "https" : "http") + "://" + std::string(host);
}

}  // namespace ottobot::api
