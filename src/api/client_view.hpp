// Where a request comes from and what it was sent to, as the client sees it: behind proxies that are trusted, what
// their X-Forwarded-* fields say, else what the connection itself shows. Pure.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "net/server/http_server.hpp"

namespace ottobot::api {

// An address or a network: "127.0.0.1", "::1", "10.0.0.0/8".
struct Network {
  std::array<unsigned char, 16> address{};  // IPv4 as ::ffff:a.b.c.d
  int prefix_bits = 128;
};
// Errors: invalid_argument.
Result<std::vector<Network>> parse_networks(const std::vector<std::string>& texts);
bool contains(const std::vector<Network>& networks, std::string_view address);

// "127.0.0.1" of "127.0.0.1:5000", "::1" of "[::1]:5000".
std::string_view without_port(std::string_view peer);

// The nearest address that is no trusted proxy's.
std::string client_address(const net::RequestHead& head, const std::vector<Network>& trusted);
// "https://otto.example" when a trusted proxy says how it is reached; empty otherwise.
std::string forwarded_base(const net::RequestHead& head, const std::vector<Network>& trusted);

}  // namespace ottobot::api
