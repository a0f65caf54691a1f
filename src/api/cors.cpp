#include "api/cors.hpp"

#include <algorithm>

namespace ottobot::api {
namespace {

// Adds header fields to whatever answer is given.
class WithHeaders final : public net::Exchange {
 public:
  WithHeaders(net::Exchange& inner, net::Headers added) : inner_(inner), added_(std::move(added)) {}

  const net::RequestHead& request() const override { return inner_.request(); }
  std::stop_token client_gone() const override { return inner_.client_gone(); }
  Result<std::string> read_body(std::size_t max_bytes) override { return inner_.read_body(max_bytes); }
  Result<std::size_t> read(std::span<char> buffer) override { return inner_.read(buffer); }
  void respond(net::Response response) override {
    response.headers = with_added(std::move(response.headers));
    inner_.respond(std::move(response));
  }
  Result<void> start(int status, net::Headers headers) override {
    return inner_.start(status, with_added(std::move(headers)));
  }
  Result<void> write(std::string_view bytes) override { return inner_.write(bytes); }
  void finish() override { inner_.finish(); }
  std::shared_ptr<net::ResponseStream> start_stream(int status, net::Headers headers,
                                                    net::ResponseStreamObserver observer) override {
    return inner_.start_stream(status, with_added(std::move(headers)), std::move(observer));
  }
  void upgrade_and_bridge(std::string_view protocol, net::Upstream upstream) override {
    inner_.upgrade_and_bridge(protocol, std::move(upstream));
  }
  Result<std::shared_ptr<net::WebSocket>> accept_websocket(const net::WebSocketOptions& options,
                                                           std::shared_ptr<net::WebSocketObserver> observer) override {
    return inner_.accept_websocket(options, std::move(observer));
  }

 private:
  net::Headers with_added(net::Headers headers) const {
    for (const auto& [name, value] : added_) headers.add(name, value);
    return headers;
  }

  net::Exchange& inner_;
  net::Headers added_;
};

net::Response preflight() {
  net::Response response;
  response.status = 204;
  response.headers = {{"Access-Control-Allow-Methods", "GET, HEAD, POST, PUT, DELETE, OPTIONS"},
                      {"Access-Control-Allow-Headers",
                       "Authorization, Content-Type, Idempotency-Key, Last-Event-ID, Range, MCP-Protocol-Version"},
                      {"Access-Control-Max-Age", "600"}};
  return response;
}

}  // namespace

bool Cors::allows(std::string_view origin) const {
  return std::any_of(origins_.begin(), origins_.end(),
                     [&](const std::string& allowed) { return allowed == "*" || allowed == origin; });
}

void Cors::handle(net::Exchange& exchange, const net::Handler& next) const {
  const auto origin = exchange.request().headers.find("Origin");
  if (!origin || !allows(*origin)) return next(exchange);
  WithHeaders answering(exchange,
                        {{"Access-Control-Allow-Origin", std::string(*origin)},
                         {"Vary", "Origin"},
                         {"Access-Control-Expose-Headers", "Allow, Content-Disposition, Content-Range, Retry-After"}});
  const bool is_preflight = exchange.request().method == "OPTIONS" &&
                            exchange.request().headers.find("Access-Control-Request-Method").has_value();
  if (is_preflight) return answering.respond(preflight());
  next(answering);
}

}  // namespace ottobot::api
