// Routes by name, and what is counted of a request.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <string_view>

#include "net/server/http_server.hpp"

namespace ottobot::api {

struct RouteName {
  std::string method;
  std::string pattern;  // "/session/:id", "/download/:id/*path"
};

// A request as it was answered.
struct AnsweredRequest {
  std::string method;
  std::string route;  // "/session/:id"; "unknown" when there is nothing at its path
  int status = 0;     // 101 for a WebSocket
  std::chrono::nanoseconds duration{0};
};

// Told of every request once its handler is done. May be empty.
using OnAnswered = std::function<void(const AnsweredRequest& request)>;

// Has `answer` answer, which returns the pattern of the route ("session/:id"; empty if there is none), and reports it.
void report_answer(net::Exchange& exchange, const OnAnswered& on_answered,
                   const std::function<std::string_view(net::Exchange& exchange)>& answer);

}  // namespace ottobot::api
