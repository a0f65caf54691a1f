#include "api/metrics_routes.hpp"

#include <algorithm>

#include "api/accept.hpp"
#include "api/errors.hpp"

namespace ottobot::api {
namespace {

Result<void> serve_json(Context& context, Request& request) {
  if (!context.deps.metrics) return not_found("this server keeps no metrics");
  const auto metrics = context.deps.metrics(request.caller().user, context.store_call());
  if (!metrics) return fail(metrics.error());
  net::Response response = json_response(200, *metrics);
  response.headers.add("Cache-Control", "no-store");
  request.exchange().respond(std::move(response));
  return {};
}

Result<void> serve_text(Context& context, Request& request) {
  if (!context.deps.metrics_text) return not_found("this server keeps no metrics");
  auto text = context.deps.metrics_text(request.caller().user, context.store_call());
  if (!text) return fail(text.error());
  net::Response response;
  response.headers = {{"Content-Type", "text/plain; version=0.0.4; charset=utf-8"}, {"Cache-Control", "no-store"}};
  response.body = std::move(*text);
  request.exchange().respond(std::move(response));
  return {};
}

}  // namespace

bool prefers_prometheus_text(std::string_view accept) {
  const double text =
      std::max(accept_weight(accept, "text/plain"), accept_weight(accept, "application/openmetrics-text"));
  return text > accept_weight(accept, "application/json");
}

void add_metrics_routes(Router& router, Context& context) {
  router.add("GET", "metrics", rules::kReadAll, [&context](Request& request) {
    const auto accept = request.head().headers.find("Accept").value_or("");
    return prefers_prometheus_text(accept) ? serve_text(context, request) : serve_json(context, request);
  });
  router.add("GET", "health/metrics", rules::kReadAll,
             [&context](Request& request) { return serve_json(context, request); });
}

}  // namespace ottobot::api
