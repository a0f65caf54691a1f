// Cross-origin rules of the REST API (Fetch standard, "CORS protocol"). Immutable: thread-safe.
#pragma once

#include <string>
#include <vector>

#include "net/server/http_server.hpp"

namespace ottobot::api {

class Cors {
 public:
  explicit Cors(std::vector<std::string> origins) : origins_(std::move(origins)) {}  // "*" = any
  // Lets `next` answer, with the headers added that the caller's origin is entitled to. Answers preflights itself. What
  // a page of a foreign site may change is HostGuard's.
  void handle(net::Exchange& exchange, const net::Handler& next) const;

 private:
  bool allows(std::string_view origin) const;

  std::vector<std::string> origins_;
};

}  // namespace ottobot::api
