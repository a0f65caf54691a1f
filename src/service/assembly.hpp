// Assembly: the parts of a running service, wired to each other, and the order in which they start and end.
#pragma once

#include <memory>
#include <mutex>
#include <string>

#include "api/api.hpp"
#include "net/client/http_client.hpp"
#include "net/server/http_server.hpp"
#include "ottobot/containers/breaker.hpp"
#include "ottobot/server.hpp"
#include "service/census.hpp"
#include "service/health_monitor.hpp"
#include "service/model_catalog.hpp"
#include "service/prometheus_metrics.hpp"
#include "service/request_gate.hpp"
#include "worker/worker.hpp"

namespace ottobot::service {

class Assembly final : public Server {
 public:
  Assembly(ServerParts parts, ServerOptions options);
  ~Assembly() override;

  // Once. Errors: those of Server::start().
  Result<void> start();

  std::string url() const override;
  SessionService& sessions() override { return *sessions_; }
  SessionStore& store() override { return *parts_.store; }
  ContainerBackend& backend() override { return *parts_.backend; }
  void stop(std::chrono::milliseconds patience) override;

 private:
  Result<void> check_options();
  void make_sessions();
  Result<void> make_api();
  void give_metrics(api::ApiDependencies& dependencies);
  Result<void> listen();
  Result<void> start_worker();
  bool speaks_tls() const { return !options_.tls_cert.empty(); }
  std::string advertised_url() const;
  bool has_worker() const { return options_.role != ServerRole::api; }
  void hand_over(std::chrono::milliseconds patience);
  void end_sandboxes();
  Result<void> may_launch() const;
  Result<Endpoint> sandbox_of(const SessionRow& row, const CallContext& ctx) const;
  Result<std::string> worker_url(const SessionRow& row, const CallContext& ctx);

  ServerParts parts_;
  ServerOptions options_;
  Clock& clock_;
  Logger& logger_;
  ModelCatalog models_;
  PrometheusMetrics metrics_;
  RequestGate gate_;

  BreakerBackend* breaker_ = nullptr;  // over parts_.backend, which it is

  std::mutex stop_mutex_;  // guards stopped_; held by the one stop()
  bool stopped_ = false;

  // In the order of construction; stop() ends them in the order that it gives.
  std::unique_ptr<HealthMonitor> health_;
  std::unique_ptr<session::WorkerRoster> roster_;
  std::unique_ptr<Census> census_;
  std::unique_ptr<net::HttpClient> client_;
  std::unique_ptr<net::HttpServer> server_;
  std::unique_ptr<SessionService> sessions_;
  std::unique_ptr<api::Api> api_;
  std::unique_ptr<net::Listener> listener_;
  std::unique_ptr<worker::Worker> worker_;
};

}  // namespace ottobot::service
