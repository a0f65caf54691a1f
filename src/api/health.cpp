#include "api/health.hpp"

#include "api/errors.hpp"

namespace ottobot::api {
namespace {

// A part that is not mentioned is not configured, which is fine. Numbers count what is there.
bool works(const Json& services, const char* name) {
  const Json* value = find_member(services, name);
  if (value == nullptr) return true;
  if (value->is_boolean()) return value->get<bool>();
  return !value->is_number() || value->get<double>() > 0;
}

// Without its store the service can do nothing; without the rest, the logs and downloads still work.
const char* overall(const Json& services, bool has_problems) {
  if (!works(services, "store") || !works(services, "redis")) return "unhealthy";
  return works(services, "docker") && works(services, "workers") && !has_problems ? "healthy" : "degraded";
}

}  // namespace

Result<void> serve_health(Context& context, Request& request) {
  const Json services = context.deps.service_health ? context.deps.service_health() : Json::object();
  const auto problems = context.deps.service_problems ? context.deps.service_problems() : std::vector<std::string>();
  const std::string status = overall(services, !problems.empty());
  const auto uptime =
      std::chrono::duration_cast<std::chrono::seconds>(context.deps.clock.steady_now() - context.started);
  Json body{{"status", status},
            {"version", context.options.version},
            {"uptime", uptime.count()},
            {"services", services},
            {"timestamp", to_rfc3339(context.deps.clock.now_ms())}};
  if (!problems.empty()) body["problems"] = problems;
  net::Response response = json_response(status == "unhealthy" ? 503 : 200, body);
  response.headers.add("Cache-Control", "no-store");
  if (response.status == 503) response.headers.add("Retry-After", "2");
  request.exchange().respond(std::move(response));
  return {};
}

}  // namespace ottobot::api
