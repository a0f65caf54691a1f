// GET /metrics (JSON, or Prometheus text when Accept asks for it) and GET /health/metrics (always JSON).
#pragma once

#include "api/context.hpp"

namespace ottobot::api {

void add_metrics_routes(Router& router, Context& context);

// Whether an Accept field (empty = none) asks for text rather than JSON: names text/plain or openmetrics with a higher
// weight than it gives to JSON by name. Pure.
bool prefers_prometheus_text(std::string_view accept);

}  // namespace ottobot::api
