#include "api/docs_routes.hpp"

#include "api/errors.hpp"

namespace ottobot::api {
namespace {

Result<void> serve_description(Context& context, Request& request) {
  auto description = parse_json(openapi_document(), 100);
  if (!description) return internal_error("openapi.json: " + description.error().message);
  (*description)["info"]["version"] = context.options.version;
  const std::string& public_url = context.options.public_url;
  if (!public_url.empty()) (*description)["servers"] = Json::array({{{"url", public_url}}});
  request.exchange().respond(json_response(200, *description));
  return {};
}

Result<void> serve_page(Request& request) {
  net::Response response;
  response.headers = {{"Content-Type", "text/html; charset=utf-8"},
                      {"Content-Security-Policy",
                       "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; connect-src 'self'"},
                      {"X-Content-Type-Options", "nosniff"},
                      {"Cache-Control", "no-cache"}};
  response.body = std::string(docs_page());
  request.exchange().respond(std::move(response));
  return {};
}

Result<void> lead_to_page(Request& request) {
  net::Response response;
  response.status = 302;
  response.headers = {{"Location", request.head().path.ends_with('/') ? "../docs" : "docs"}};
  request.exchange().respond(std::move(response));
  return {};
}

}  // namespace

void add_docs_routes(Router& router, Context& context) {
  router.add("GET", "openapi.json", rules::kOpen,
             [&context](Request& request) { return serve_description(context, request); });
  router.add("GET", "docs", rules::kOpen, serve_page);
  router.add("GET", "swagger", rules::kOpen, lead_to_page);
}

}  // namespace ottobot::api
