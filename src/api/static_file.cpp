#include "api/static_file.hpp"

#include "api/content_type.hpp"

namespace ottobot::api {

void serve_static_file(Request& request, const StaticFile& file) {
  const net::Headers& asked = request.head().headers;
  const bool zipped = !file.gzip.empty() && asked.has_token("Accept-Encoding", "gzip");
  const std::string etag = "\"" + std::string(file.hash) + (zipped ? "-gzip" : "") + "\"";
  net::Response response;
  response.headers = {
      {"ETag", etag}, {"Cache-Control", std::string(file.cache_control)}, {"X-Content-Type-Options", "nosniff"}};
  if (!file.gzip.empty()) response.headers.add("Vary", "Accept-Encoding");
  for (const auto& [name, value] : file.headers) response.headers.add(name, value);
  if (asked.has_token("If-None-Match", etag)) {
    response.status = 304;
  } else {
    response.headers.add("Content-Type", std::string(content_type_of(file.path)));
    if (zipped) response.headers.add("Content-Encoding", "gzip");
    response.body = std::string(zipped ? file.gzip : file.content);
  }
  request.exchange().respond(std::move(response));
}

}  // namespace ottobot::api
