// Which status a request was answered with, for what counts and logs it.
#pragma once

#include "api/exchange_wrapper.hpp"

namespace ottobot::api {

// Remembers what was answered.
class StatusWatch : public ExchangeWrapper {
 public:
  using ExchangeWrapper::ExchangeWrapper;

  void respond(net::Response response) override {
    status_ = response.status;
    ExchangeWrapper::respond(std::move(response));
  }
  Result<void> start(int status, net::Headers headers) override {
    status_ = status;
    return ExchangeWrapper::start(status, std::move(headers));
  }
  std::shared_ptr<net::ResponseStream> start_stream(int status, net::Headers headers,
                                                    net::ResponseStreamObserver observer) override {
    status_ = status;
    return ExchangeWrapper::start_stream(status, std::move(headers), std::move(observer));
  }
  void upgrade_and_bridge(std::string_view protocol, const net::Headers& headers, net::Upstream upstream) override {
    status_ = 101;
    ExchangeWrapper::upgrade_and_bridge(protocol, headers, std::move(upstream));
  }
  Result<std::shared_ptr<net::WebSocket>> accept_websocket(const net::WebSocketOptions& options,
                                                           std::shared_ptr<net::WebSocketObserver> observer) override {
    auto accepted = ExchangeWrapper::accept_websocket(options, std::move(observer));
    status_ = accepted ? 101 : 426;
    return accepted;
  }

  int status() const { return status_; }

 private:
  int status_ = 499;  // until then: the client is gone, and nobody was answered
};

}  // namespace ottobot::api
