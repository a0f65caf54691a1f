#include "net/client/http_client.hpp"

#include "net/client/curl_error.hpp"
#include "net/client/multi_loop.hpp"
#include "ottobot/ids.hpp"

namespace ottobot::net {
namespace {

using namespace std::chrono_literals;

class CollectingSink final : public ResponseSink {
 public:
  explicit CollectingSink(std::size_t max_bytes) : max_bytes_(max_bytes) {}

  Result<void> on_head(int status, const Headers& headers) override {
    response_.status = status;
    response_.headers = headers;
    return {};
  }
  Result<void> on_body(std::string_view bytes) override {
    if (bytes.size() > max_bytes_ - response_.body.size()) {
      return resource_exhausted("the answer is larger than " + std::to_string(max_bytes_) + " bytes");
    }
    response_.body.append(bytes);
    return {};
  }
  HttpResponse take() { return std::move(response_); }

 private:
  std::size_t max_bytes_;
  HttpResponse response_;
};

class CurlClient final : public HttpClient {
 public:
  explicit CurlClient(const HttpClientOptions& options)
      : options_(options), loop_(std::make_shared<MultiLoop>(options)) {}
  ~CurlClient() override { loop_->shut_down(); }

  Result<HttpResponse> fetch(const HttpRequest& request, const CallContext& ctx) override {
    CollectingSink sink(request.max_body_bytes);
    if (auto done = stream(request, sink, ctx); !done) return fail(done.error());
    return sink.take();
  }

  Result<void> stream(const HttpRequest& request, ResponseSink& sink, const CallContext& ctx) override {
    // Kept for the length of the call: the client may be destroyed while a call is on its way out.
    const auto loop = loop_;
    const HttpClientOptions options = options_;
    const SteadyTime give_up = std::chrono::steady_clock::now() + request.connect_timeout;
    bool pool_is_stale = false;
    while (true) {
      auto transfer = std::make_shared<Transfer>(request);
      if (pool_is_stale) transfer->use_new_connection();
      auto done = run(*loop, transfer, options, sink, ctx);
      if (done) return done;
      if (is_safe(request.method) && done.error().code == ErrorCode::unavailable && transfer->died_in_pool()) {
        // libcurl itself gives up after five dead connections in a row.
        pool_is_stale = true;
        continue;
      }
      if (!transfer->peer_was_busy() || std::chrono::steady_clock::now() >= give_up) return done;
      if (auto pause = system_clock().sleep_for(5ms, ctx); !pause) return pause;
    }
  }

 private:
  static Result<void> run(MultiLoop& loop, const std::shared_ptr<Transfer>& transfer, const HttpClientOptions& options,
                          ResponseSink& sink, const CallContext& ctx) {
    if (auto live = ctx.check(); !live) return live;
    if (auto ready = transfer->prepare(options); !ready) return ready;
    loop.start(transfer);
    while (true) {
      auto news = transfer->wait(ctx);
      Result<void> step = news ? deliver(*news, sink) : Result<void>(fail(news.error()));
      if (!step) {
        loop.abort(transfer);
        return step;
      }
      if (news->done) return transfer->outcome();
      if (news->was_paused) loop.resume(transfer);
    }
  }

  static Result<void> deliver(const Transfer::News& news, ResponseSink& sink) {
    if (news.head) {
      if (auto ok = sink.on_head(news.head->status, news.head->headers); !ok) return ok;
    }
    if (!news.bytes.empty()) return sink.on_body(news.bytes);
    return {};
  }

  // RFC 9110 §9.2.1: sending it twice does no harm.
  static bool is_safe(const std::string& method) { return method == "GET" || method == "HEAD" || method == "OPTIONS"; }

  const HttpClientOptions options_;
  const std::shared_ptr<MultiLoop> loop_;
};

}  // namespace

Result<std::unique_ptr<HttpClient>> make_http_client(const HttpClientOptions& options) {
  if (auto ready = init_curl(); !ready) return fail(ready.error());
  try {
    return std::make_unique<CurlClient>(options);
  } catch (const std::system_error& error) {
    return resource_exhausted(std::string("cannot start the HTTP client's thread: ") + error.what());
  }
}

HttpRequest request_to(const Endpoint& endpoint, std::string method, std::string path) {
  // A host name that only this peer has: libcurl keys its pool of connections by it.
  const std::string identity =
      endpoint.url + "#" + (endpoint.peer_uid ? std::to_string(*endpoint.peer_uid) : std::string("any"));
  HttpRequest request;
  request.method = std::move(method);
  request.url = "http://sbx-" + sha256_hex(identity).substr(0, 32) + ".invalid" + path;
  if (!endpoint.token.empty()) request.headers.set("Authorization", "Bearer " + endpoint.token);
  request.endpoint = endpoint;
  return request;
}

}  // namespace ottobot::net
