#include "api/metrics_routes.hpp"

#include <algorithm>
#include <cstdlib>

#include "api/errors.hpp"

namespace ottobot::api {
namespace {

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

// The weight of one media range (RFC 9110 §12.4.2).
double weight_of(std::string_view parameters) {
  while (!parameters.empty()) {
    const auto end = std::min(parameters.find(';'), parameters.size());
    const std::string_view parameter = trimmed(parameters.substr(0, end));
    if (parameter.starts_with("q=")) return std::strtod(std::string(parameter.substr(2)).c_str(), nullptr);
    parameters.remove_prefix(std::min(parameters.size(), end + 1));
  }
  return 1;
}

Result<void> serve_json(Context& context, Request& request) {
  if (!context.deps.metrics) return not_found("this server keeps no metrics");
  const auto metrics = context.deps.metrics(context.store_call());
  if (!metrics) return fail(metrics.error());
  net::Response response = json_response(200, *metrics);
  response.headers.add("Cache-Control", "no-store");
  request.exchange().respond(std::move(response));
  return {};
}

Result<void> serve_text(Context& context, Request& request) {
  if (!context.deps.metrics_text) return not_found("this server keeps no metrics");
  auto text = context.deps.metrics_text(context.store_call());
  if (!text) return fail(text.error());
  net::Response response;
  response.headers = {{"Content-Type", "text/plain; version=0.0.4; charset=utf-8"}, {"Cache-Control", "no-store"}};
  response.body = std::move(*text);
  request.exchange().respond(std::move(response));
  return {};
}

}  // namespace

bool prefers_prometheus_text(std::string_view accept) {
  double json = 0;
  double text = 0;
  while (!accept.empty()) {
    const auto end = std::min(accept.find(','), accept.size());
    const std::string_view range = accept.substr(0, end);
    accept.remove_prefix(std::min(accept.size(), end + 1));
    const auto parameters = std::min(range.find(';'), range.size());
    const std::string_view type = trimmed(range.substr(0, parameters));
    const double weight = weight_of(range.substr(parameters));
    if (net::equals_ignore_case(type, "application/json")) json = std::max(json, weight);
    if (net::equals_ignore_case(type, "text/plain") || net::equals_ignore_case(type, "application/openmetrics-text")) {
      text = std::max(text, weight);
    }
  }
  return text > json;
}

void add_metrics_routes(Router& router, Context& context) {
  router.add("GET", "metrics", [&context](Request& request) {
    const auto accept = request.head().headers.find("Accept").value_or("");
    return prefers_prometheus_text(accept) ? serve_text(context, request) : serve_json(context, request);
  });
  router.add("GET", "health/metrics", [&context](Request& request) { return serve_json(context, request); });
}

}  // namespace ottobot::api
