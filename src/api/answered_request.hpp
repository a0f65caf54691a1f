// Routes by name, and what is counted of a request.
#pragma once

#include <chrono>
#include <string>

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

}  // namespace ottobot::api
