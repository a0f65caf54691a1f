#include "api/router.hpp"

#include <algorithm>
#include <optional>

#include "api/errors.hpp"
#include "api/input.hpp"

namespace ottobot::api {
namespace {

std::vector<std::string> split_path(std::string_view path) {
  std::vector<std::string> segments;
  while (!path.empty() && path.front() == '/') {
    path.remove_prefix(1);
    const std::size_t end = std::min(path.find('/'), path.size());
    segments.emplace_back(path.substr(0, end));
    path.remove_prefix(end);
  }
  return segments;
}

std::optional<std::string> join_decoded(std::vector<std::string>::const_iterator from,
                                        std::vector<std::string>::const_iterator to) {
  std::string joined;
  for (auto segment = from; segment != to; ++segment) {
    if (segment != from) joined += '/';
    joined += *segment;
  }
  return net::percent_decode(joined);
}

struct Match {
  Request::Params params;
  std::string undecodable;  // the name of the rest of the path, which cannot be decoded; empty if it can
};

std::optional<Match> match(const std::vector<std::string>& pattern, const std::vector<std::string>& path) {
  Match found;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    const std::string& expected = pattern[i];
    const bool takes_rest = expected.starts_with('*');
    if (!takes_rest && i >= path.size()) return std::nullopt;
    if (takes_rest || expected.starts_with(':')) {
      const auto from = path.begin() + static_cast<std::ptrdiff_t>(std::min(i, path.size()));
      auto value = join_decoded(from, takes_rest ? path.end() : from + 1);
      if (!value && takes_rest) found.undecodable = expected.substr(1);
      if (!value && !takes_rest) return std::nullopt;
      found.params.emplace_back(expected.substr(1), std::move(value).value_or(""));
      if (takes_rest) return found;
    } else if (expected != path[i]) {
      return std::nullopt;
    }
  }
  const bool has_trailing_slash = path.size() == pattern.size() + 1 && path.back().empty();
  if (path.size() != pattern.size() && !has_trailing_slash) return std::nullopt;
  return found;
}

// "OPTIONS *" asks for the server as a whole (RFC 9110 §9.3.7).
bool asks_about_server(const net::RequestHead& head) { return head.method == "OPTIONS" && head.target == "*"; }

std::string allow_list(const std::vector<std::string>& methods) {
  std::string list;
  for (const std::string& method : methods) {
    list += method + ", ";
    if (method == "GET") list += "HEAD, ";
  }
  return list + "OPTIONS";
}

net::Response wrong_method(const std::string& method, const std::vector<std::string>& allowed,
                           const std::string& hint) {
  net::Response response = error_response(405, method + " is not possible here", hint);
  if (method == "OPTIONS") {
    response = {};
    response.status = 204;
  }
  response.headers.add("Allow", allow_list(allowed));
  return response;
}

}  // namespace

const std::string& Request::param(std::string_view name) const {
  static const std::string kNone;
  for (const auto& [key, value] : params_) {
    if (key == name) return value;
  }
  return kNone;
}

void Router::add(std::string method, std::string_view pattern, RouteRules rules, RouteHandler handler) {
  routes_.push_back({std::move(method), std::string(pattern), split_path("/" + std::string(pattern)), std::move(rules),
                     std::move(handler)});
}

std::vector<RouteName> Router::routes() const {
  std::vector<RouteName> names;
  for (const Route& route : routes_) names.push_back({route.method, "/" + route.pattern});
  return names;
}

void Router::handle(net::Exchange& exchange) const {
  report_answer(exchange, options_.on_answered, [this](net::Exchange& watched) { return answer(watched); });
}

std::string_view Router::answer(net::Exchange& exchange) const {
  const net::RequestHead& head = exchange.request();
  const std::string_view method = head.method == "HEAD" ? std::string_view("GET") : std::string_view(head.method);
  const std::vector<std::string> path = split_path(head.path);
  std::vector<std::string> allowed;
  std::string hint;
  for (const Route& route : routes_) {
    auto found = match(route.segments, path);
    if (!found) continue;
    if (route.method == method) {
      std::string session_id = session_of(found->params);
      Request request(exchange, std::move(found->params), std::move(session_id));
      if (found->undecodable.empty()) {
        call(route, request);
      } else {
        exchange.respond(error_response(undecodable(found->undecodable, head.path).value()));
      }
      return route.pattern;
    }
    if (std::find(allowed.begin(), allowed.end(), route.method) == allowed.end()) allowed.push_back(route.method);
    if (hint.empty()) hint = route.rules.other_methods;
  }
  if (asks_about_server(head)) allowed = {"GET", "POST", "PUT", "DELETE"};
  if (allowed.empty()) {
    exchange.respond(error_response(404, "there is nothing at " + to_valid_utf8(head.path)));
  } else {
    exchange.respond(wrong_method(head.method, allowed, hint));
  }
  return {};
}

std::string Router::session_of(const Request::Params& params) const {
  if (!options_.session_id.empty()) return options_.session_id;
  const auto id = std::find_if(params.begin(), params.end(), [](const auto& param) { return param.first == "id"; });
  return id == params.end() ? "" : id->second;
}

void Router::call(const Route& route, Request& request) const {
  auto caller = options_.admit(request.head(), route.rules, request.session_id());
  if (!caller) {
    const Refusal& refusal = caller.error();
    if (route.rules.refuse) return route.rules.refuse(request, refusal);
    return request.exchange().respond(error_response(refusal.status, refusal.error));
  }
  request.set_caller(std::move(*caller));
  const Result<void> done = route.handler(request);
  if (done) return;
  if (status_of(done.error().code) == 500) {
    options_.logger.error("request failed", {{"path", request.head().path}, {"error", done.error().to_string()}});
  }
  request.exchange().respond(error_response(done.error()));
}

}  // namespace ottobot::api
