// The access log: one line for every request, under an id that its answer carries and other lines of it have too.
#pragma once

#include "net/server/http_server.hpp"
#include "ottobot/log.hpp"

namespace ottobot::api {

class AccessLog {
 public:
  explicit AccessLog(Logger& logger) : logger_(logger) {}  // borrowed

  // Lets `next` answer and logs method, path (no query: it may hold a ticket), status, duration, bytes of the body and
  // the session. A stream or a socket is logged when it opens. /health and /metrics only at level debug.
  void handle(net::Exchange& exchange, const net::Handler& next) const;

 private:
  Logger& logger_;
};

// The client's X-Request-Id if it is 1 to 64 characters of A-Z a-z 0-9 . _ : -, else a new one.
std::string request_id_of(const net::RequestHead& request);

}  // namespace ottobot::api
