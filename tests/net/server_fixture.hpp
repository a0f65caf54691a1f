#pragma once

#include <gtest/gtest.h>

#include <condition_variable>
#include <functional>
#include <mutex>

#include "net/raw_client.hpp"
#include "net/server/http_server.hpp"

namespace ottobot::net::test {

// A gate that handlers wait at, with a limit so that a failing test ends.
class Latch {
 public:
  void open() {
    // Notified under the lock: the waiter may destroy the latch as soon as it can take it.
    const std::lock_guard lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }
  bool wait(std::chrono::milliseconds timeout = std::chrono::seconds(10)) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, timeout, [&] { return open_; });
  }

 private:
  std::mutex mutex_;  // guards open_
  std::condition_variable changed_;
  bool open_ = false;
};

class ServerFixture : public ::testing::Test {
 protected:
  void serve(Handler handler, HttpServerOptions options = {}) {
    ListenOptions listen;
    listen.handler = std::move(handler);
    serve(std::move(listen), std::move(options));
  }
  void serve(ListenOptions listen, HttpServerOptions options = {}) {
    auto server = make_http_server(options);
    ASSERT_TRUE(server) << server.error().to_string();
    server_ = std::move(*server);
    listen.tls = tls_;
    if (quick_ && !listen.is_quick) listen.is_quick = [](const RequestHead&) { return true; };
    auto listener = server_->listen(std::move(listen));
    ASSERT_TRUE(listener) << listener.error().to_string();
    listener_ = std::move(*listener);
  }
  void use_tls(std::shared_ptr<TlsContext> context, std::function<std::unique_ptr<RawChannel>(int fd)> channel_for) {
    tls_ = std::move(context);
    channel_for_ = std::move(channel_for);
  }
  RawClient connect() { return connect(RawClient(listener_->port())); }
  RawClient connect(RawClient client) {
    if (channel_for_) client.speak(channel_for_(client.fd()));
    return client;
  }
  RawResponse ask(std::string_view bytes) {
    RawClient client = connect();
    client.send(bytes);
    return client.response();
  }

  bool quick_ = false;  // handlers start on the I/O thread
  std::shared_ptr<TlsContext> tls_;
  std::function<std::unique_ptr<RawChannel>(int fd)> channel_for_;  // of connect(); empty = plain
  std::unique_ptr<HttpServer> server_;
  std::unique_ptr<Listener> listener_;
};

inline std::string get(const std::string& target, const std::string& fields = {}) {
  return "GET " + target + " HTTP/1.1\r\nHost: x\r\n" + fields + "\r\n";
}

inline std::string post(const std::string& target, const std::string& body) {
  return "POST " + target + " HTTP/1.1\r\nHost: x\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
         body;
}

// Answers with what was asked.
inline void echo(Exchange& exchange) {
  auto body = exchange.read_body(64 << 20);
  if (!body)
    return exchange.respond({body.error().code == ErrorCode::invalid_argument ? 400 : 408, {}, body.error().message});
  exchange.respond({200, {{"X-Path", exchange.request().path}}, exchange.request().method + " " + *body});
}

}  // namespace ottobot::net::test
