// Method and path to handler.
//
// Patterns are segments: "session/:id/files/*path". ":name" takes one segment, "*name" (last) takes the rest, which may
// be empty; both are handed over percent-decoded. One slash too many at the end does no harm. HEAD is answered as GET
// (the server leaves the body out), an unknown path with 404, a known one with a wrong method with 405 and Allow,
// OPTIONS with Allow. Built once, then immutable: thread-safe.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/answered_request.hpp"
#include "api/caller.hpp"
#include "net/server/http_server.hpp"

namespace ottobot::api {

class Request {
 public:
  using Params = std::vector<std::pair<std::string, std::string>>;
  Request(net::Exchange& exchange, Params params) : exchange_(exchange), params_(std::move(params)) {}

  net::Exchange& exchange() { return exchange_; }
  const net::RequestHead& head() const { return exchange_.request(); }
  bool is_head() const { return head().method == "HEAD"; }
  // Empty when the pattern has no such name.
  const std::string& param(std::string_view name) const;
  const Caller& caller() const { return caller_; }

 private:
  net::Exchange& exchange_;
  Params params_;
  Caller caller_;
};

// An error returned is answered by the router, so only before the handler has answered itself.
using RouteHandler = std::function<Result<void>(Request&)>;

class Router {
 public:
  // `on_answered` is told of every request once its handler is done; may be empty.
  explicit Router(Logger& logger, std::function<void(const AnsweredRequest&)> on_answered = {})
      : logger_(logger), on_answered_(std::move(on_answered)) {}
  void add(std::string method, std::string_view pattern, RouteHandler handler);
  void handle(net::Exchange& exchange) const;
  std::vector<RouteName> routes() const;

 private:
  struct Route {
    std::string method;
    std::string pattern;
    std::vector<std::string> segments;
    RouteHandler handler;
  };
  // The pattern of the route that has answered; empty when there was none.
  std::string_view answer(net::Exchange& exchange) const;
  void call(const Route& route, Request& request) const;

  Logger& logger_;
  std::function<void(const AnsweredRequest&)> on_answered_;
  std::vector<Route> routes_;
};

}  // namespace ottobot::api
