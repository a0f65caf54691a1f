#include "api/cors.hpp"

#include <algorithm>

#include "api/exchange_wrapper.hpp"

namespace ottobot::api {
namespace {

// Adds header fields to whatever answer is given.
class WithHeaders final : public ExchangeWrapper {
 public:
  WithHeaders(net::Exchange& inner, net::Headers added) : ExchangeWrapper(inner), added_(std::move(added)) {}

  void respond(net::Response response) override {
    response.headers = with_added(std::move(response.headers));
    ExchangeWrapper::respond(std::move(response));
  }
  Result<void> start(int status, net::Headers headers) override {
    return ExchangeWrapper::start(status, with_added(std::move(headers)));
  }
  std::shared_ptr<net::ResponseStream> start_stream(int status, net::Headers headers,
                                                    net::ResponseStreamObserver observer) override {
    return ExchangeWrapper::start_stream(status, with_added(std::move(headers)), std::move(observer));
  }

 private:
  net::Headers with_added(net::Headers headers) const {
    // Another process, whose answer it is, may have added the same.
    for (const auto& [name, value] : added_) name == "Vary" ? headers.add(name, value) : headers.set(name, value);
    return headers;
  }

  net::Headers added_;
};

net::Response preflight() {
  net::Response response;
  response.status = 204;
  response.headers = {{"Access-Control-Allow-Methods", "GET, HEAD, POST, PUT, DELETE, OPTIONS"},
                      {"Access-Control-Allow-Headers",
                       "Accept, Authorization, Content-Type, Idempotency-Key, If-None-Match, If-Range, Last-Event-ID, "
                       "Range, MCP-Protocol-Version"},
                      {"Access-Control-Max-Age", "600"}};
  return response;
}

net::Headers headers_for(std::string_view origin) {
  return {{"Vary", "Origin"},
          {"Access-Control-Allow-Origin", std::string(origin)},
          {"Access-Control-Expose-Headers",
           "Accept-Ranges, Allow, Content-Disposition, Content-Range, ETag, Location, Retry-After, WWW-Authenticate"}};
}

}  // namespace

bool Cors::allows(std::string_view origin) const {
  return std::any_of(origins_.begin(), origins_.end(),
                     [&](const std::string& allowed) { return allowed == "*" || allowed == origin; });
}

void Cors::handle(net::Exchange& exchange, const net::Handler& next) const {
  const net::RequestHead& head = exchange.request();
  const auto origin = head.headers.find("Origin");
  const bool allowed = origin && allows(*origin);
  // Also where no origin is named: a cache must not give that answer to a page that names one.
  WithHeaders answering(exchange, allowed ? headers_for(*origin) : net::Headers{{"Vary", "Origin"}});
  if (allowed && head.method == "OPTIONS" && head.headers.find("Access-Control-Request-Method")) {
    return answering.respond(preflight());
  }
  next(answering);
}

}  // namespace ottobot::api
