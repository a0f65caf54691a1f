// What an error answer of Redis means to us.
#pragma once

#include <optional>
#include <string_view>

#include "ottobot/error.hpp"
#include "redis/socket.hpp"

namespace ottobot::redis {

// "OOM", "MOVED", "NOSCRIPT", …: the first word.
std::string_view error_kind(std::string_view text);

// As an Error that names the server and what mends it.
Failure server_error(std::string_view text, const Address& address);

// Of "MOVED slot host:port" or "ASK slot host:port".
struct Redirection {
  int slot = 0;
  Address address;  // without a host: the one that said so
};
std::optional<Redirection> parse_redirection(std::string_view text);

}  // namespace ottobot::redis
