// What an error answer of Redis means to us.
#pragma once

#include <optional>
#include <string_view>

#include "ottobot/error.hpp"
#include "redis/socket.hpp"

namespace ottobot::redis {

// What to look at when nothing is heard of a server.
inline constexpr std::string_view kUnreachableHint =
    "is it running at REDIS_HOST or REDIS_URL? ottobot doctor --store redis";

// What to do about a server that does not have all that we use (sharded pub/sub, flags of scripts).
inline constexpr std::string_view kVersionHint = "install Redis 7.0 or newer";

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
