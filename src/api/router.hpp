// Method and path to handler.
//
// Patterns are segments: "session/:id/files/*path". ":name" takes one segment, "*name" (last) takes the rest, which may
// be empty; both are handed over percent-decoded. One slash too many at the end does no harm. HEAD is answered as GET
// (the server leaves the body out), an unknown path with 404, a known one with a wrong method with 405 and Allow,
// OPTIONS with Allow. No handler runs before its caller was admitted. Built once, then immutable: thread-safe.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/answered_request.hpp"
#include "api/route_rules.hpp"
#include "net/server/http_server.hpp"

namespace ottobot::api {

class Request {
 public:
  using Params = std::vector<std::pair<std::string, std::string>>;
  Request(net::Exchange& exchange, Params params, std::string session_id)
      : exchange_(exchange), params_(std::move(params)), session_id_(std::move(session_id)) {}

  net::Exchange& exchange() { return exchange_; }
  const net::RequestHead& head() const { return exchange_.request(); }
  bool is_head() const { return head().method == "HEAD"; }
  // Empty when the pattern has no such name.
  const std::string& param(std::string_view name) const;
  // The session that it is about: the path's ":id", on a session's own port that one; empty if there is none.
  const std::string& session_id() const { return session_id_; }
  // Nobody's rights until the router has admitted it.
  const Caller& caller() const { return caller_; }
  void set_caller(Caller caller) { caller_ = std::move(caller); }

 private:
  net::Exchange& exchange_;
  Params params_;
  std::string session_id_;
  Caller caller_;
};

// An error returned is answered by the router, so only before the handler has answered itself.
using RouteHandler = std::function<Result<void>(Request&)>;

struct RouterOptions {
  Logger& logger;  // borrowed
  Admit admit;
  std::string session_id;  // of a session's own port: what every path is about; empty = as the path says
  OnAnswered on_answered;
};

class Router {
 public:
  explicit Router(RouterOptions options) : options_(std::move(options)) {}
  void add(std::string method, std::string_view pattern, RouteRules rules, RouteHandler handler);
  void handle(net::Exchange& exchange) const;
  std::vector<RouteName> routes() const;

 private:
  struct Route {
    std::string method;
    std::string pattern;
    std::vector<std::string> segments;
    RouteRules rules;
    RouteHandler handler;
  };
  // The pattern of the route that has answered; empty when there was none.
  std::string_view answer(net::Exchange& exchange) const;
  void call(const Route& route, Request& request) const;
  std::string session_of(const Request::Params& params) const;

  const RouterOptions options_;
  std::vector<Route> routes_;
};

}  // namespace ottobot::api
