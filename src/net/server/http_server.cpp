#include "net/server/http_server.hpp"

#include <mutex>

#include "net/server/finish.hpp"
#include "net/server/listener.hpp"

namespace ottobot::net {

namespace {

class ServerListener final : public Listener {
 public:
  explicit ServerListener(std::shared_ptr<ListenerCore> core) : core_(std::move(core)) {}
  ~ServerListener() override { core_->close(); }

  int port() const override { return core_->port(); }
  void stop_accepting() override { core_->stop_accepting(); }
  bool finish(std::chrono::milliseconds patience) { return core_->finish(patience); }

 private:
  const std::shared_ptr<ListenerCore> core_;
};

class AsioHttpServer final : public HttpServer {
 public:
  explicit AsioHttpServer(const HttpServerOptions& options)
      : options_(options),
        logger_(options.logger ? *options.logger : null_logger()),
        pool_(std::make_shared<HandlerPool>(options.handler_threads, options.io_threads, options.handler_backlog,
                                            logger_)),
        threads_(std::make_shared<IoThreads>(options.io_threads, *pool_, logger_)) {}

  ~AsioHttpServer() override {
    std::vector<std::weak_ptr<ListenerCore>> listeners;
    {
      const std::lock_guard lock(mutex_);
      listeners.swap(listeners_);
    }
    for (const auto& weak : listeners) {
      if (const auto core = weak.lock()) core->close();
    }
    pool_->drain();
    threads_->stop();
    pool_->join();
    threads_->end();
  }

  Result<std::unique_ptr<Listener>> listen(ListenOptions options) override {
    if (!options.handler) return invalid_argument("a listener needs a handler");
    auto socket = open_listen_socket(options);
    if (!socket) return fail(socket.error());
    auto context = std::make_shared<ListenerContext>(
        ListenerContext{options_, std::move(options), logger_, pool_, std::make_shared<LinkRegistry>(connections_)});
    auto core = std::make_shared<ListenerCore>(std::move(context), threads_, std::move(*socket));
    core->start();
    const std::lock_guard lock(mutex_);
    std::erase_if(listeners_, [](const auto& weak) { return weak.expired(); });
    listeners_.push_back(core);
    return std::make_unique<ServerListener>(std::move(core));
  }

  bool post(std::function<void()> task) override { return pool_->post(std::move(task)); }

 private:
  const HttpServerOptions options_;
  Logger& logger_;
  const std::shared_ptr<std::atomic<std::size_t>> connections_ = std::make_shared<std::atomic<std::size_t>>(0);
  const std::shared_ptr<HandlerPool> pool_;
  const std::shared_ptr<IoThreads> threads_;
  std::mutex mutex_;  // guards listeners_
  std::vector<std::weak_ptr<ListenerCore>> listeners_;
};

}  // namespace

std::optional<std::string> RequestHead::query_param(std::string_view name) const {
  std::string_view rest = query;
  while (!rest.empty()) {
    const auto end = rest.find('&');
    const auto pair = rest.substr(0, end);
    rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end + 1);
    const auto equals = pair.find('=');
    if (percent_decode(pair.substr(0, equals)) != name) continue;
    if (equals == std::string_view::npos) return std::string{};
    std::string value(pair.substr(equals + 1));
    std::replace(value.begin(), value.end(), '+', ' ');
    return percent_decode(value);
  }
  return std::nullopt;
}

bool finish(Listener& listener, std::chrono::milliseconds patience) {
  auto* const ours = dynamic_cast<ServerListener*>(&listener);
  if (ours != nullptr) return ours->finish(patience);
  listener.stop_accepting();
  return true;
}

Result<std::unique_ptr<HttpServer>> make_http_server(const HttpServerOptions& options) {
  try {
    return std::make_unique<AsioHttpServer>(options);
  } catch (const std::exception& error) {
    return resource_exhausted(std::string("cannot start the server's threads: ") + error.what());
  }
}

}  // namespace ottobot::net
