// An Exchange that hands everything on to another one: the base of what looks at answers or adds to them.
#pragma once

#include "net/server/http_server.hpp"

namespace ottobot::api {

class ExchangeWrapper : public net::Exchange {
 public:
  explicit ExchangeWrapper(net::Exchange& inner) : inner_(inner) {}

  const net::RequestHead& request() const override { return inner_.request(); }
  std::stop_token client_gone() const override { return inner_.client_gone(); }
  bool body_complete() const override { return inner_.body_complete(); }
  Result<std::string> read_body(std::size_t max_bytes) override { return inner_.read_body(max_bytes); }
  Result<std::size_t> read(std::span<char> buffer) override { return inner_.read(buffer); }
  void respond(net::Response response) override { inner_.respond(std::move(response)); }
  Result<void> start(int status, net::Headers headers) override { return inner_.start(status, std::move(headers)); }
  Result<void> write(std::string_view bytes) override { return inner_.write(bytes); }
  void finish() override { inner_.finish(); }
  std::shared_ptr<net::ResponseStream> start_stream(int status, net::Headers headers,
                                                    net::ResponseStreamObserver observer) override {
    return inner_.start_stream(status, std::move(headers), std::move(observer));
  }
  void upgrade_and_bridge(std::string_view protocol, const net::Headers& headers, net::Upstream upstream) override {
    inner_.upgrade_and_bridge(protocol, headers, std::move(upstream));
  }
  Result<std::shared_ptr<net::WebSocket>> accept_websocket(const net::WebSocketOptions& options,
                                                           std::shared_ptr<net::WebSocketObserver> observer) override {
    return inner_.accept_websocket(options, std::move(observer));
  }

 private:
  net::Exchange& inner_;
};

}  // namespace ottobot::api
