#include "redis/server_error.hpp"

#include <array>
#include <charconv>

namespace ottobot::redis {
namespace {

struct Meaning {
  std::string_view kind;
  Failure (*make)(std::string message, std::string hint);
  std::string_view hint;
};

constexpr std::string_view kPasswordHint = "set REDIS_PASSWORD, or the password in REDIS_URL";
constexpr std::string_view kWrongHint = "REDIS_PASSWORD, or what REDIS_URL has of user and password, is not what it wants";
constexpr std::string_view kNoPasswordHint = "it has no password: unset REDIS_PASSWORD, or take it out of REDIS_URL";
constexpr std::string_view kMovingHint = "the cluster's slots are being moved; try again";

constexpr std::array kMeanings{
    Meaning{"OOM", resource_exhausted, "its memory is full: raise maxmemory, or end sessions"},
    Meaning{"MISCONF", resource_exhausted, "it cannot write to its disk: make room there"},
    Meaning{"READONLY", unavailable, "it is a read-only replica: name the primary as REDIS_HOST"},
    Meaning{"NOAUTH", unauthenticated, kPasswordHint},
    Meaning{"WRONGPASS", unauthenticated, kWrongHint},
    Meaning{"NOPERM", permission_denied, "allow its ACL user all commands, keys and channels of this service"},
    Meaning{"LOADING", unavailable, "it is reading its data set; wait for it"},
    Meaning{"BUSY", unavailable, "a script of somebody else is running; wait for it"},
    Meaning{"MASTERDOWN", unavailable, "it is a replica that has lost its primary"},
    Meaning{"CLUSTERDOWN", unavailable, "the cluster does not serve all of its slots: redis-cli --cluster check"},
    Meaning{"TRYAGAIN", unavailable, kMovingHint},
    Meaning{"MOVED", unavailable, kMovingHint},
    Meaning{"ASK", unavailable, kMovingHint},
    Meaning{"NOREPLICAS", unavailable, "it has fewer replicas than min-replicas-to-write"},
};

}  // namespace

std::string_view error_kind(std::string_view text) { return text.substr(0, text.find(' ')); }

Failure server_error(std::string_view text, const Address& address) {
  const std::string message = "Redis at " + address.text() + ": " + std::string(text);
  for (const Meaning& meaning : kMeanings) {
    if (error_kind(text) == meaning.kind) return meaning.make(message, std::string(meaning.hint));
  }
  if (text.find("AUTH") != std::string_view::npos) return unauthenticated(message, std::string(kNoPasswordHint));
  if (text.find("max number of clients") != std::string_view::npos) return unavailable(message, "raise maxclients");
  if (text.find("unknown command") != std::string_view::npos) return unsupported(message, std::string(kVersionHint));
  if (text.find("OOM") != std::string_view::npos) return kMeanings.front().make(message, std::string(kMeanings.front().hint));
  return internal_error(message);
}

std::optional<Redirection> parse_redirection(std::string_view text) {
  const auto kind = error_kind(text);
  if (kind != "MOVED" && kind != "ASK") return std::nullopt;
  const auto number = [](std::string_view digits, int& value) {
    return std::from_chars(digits.data(), digits.data() + digits.size(), value).ec == std::errc{};
  };
  text.remove_prefix(kind.size());
  if (text.empty()) return std::nullopt;
  text.remove_prefix(1);
  const auto space = text.find(' '), colon = text.rfind(':');
  Redirection to;
  if (space == std::string_view::npos || colon == std::string_view::npos || colon < space) return std::nullopt;
  if (!number(text.substr(0, space), to.slot) || !number(text.substr(colon + 1), to.address.port)) return std::nullopt;
  to.address.host = text.substr(space + 1, colon - space - 1);
  return to;
}

}  // namespace ottobot::redis
