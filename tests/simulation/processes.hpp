// The processes of the simulated service: the product's own classes, with wires for all that is outside of them.
#pragma once

#include <memory>
#include <string>

#include "ottobot/session/session_service.hpp"
#include "ottobot/testing/fake_container_backend.hpp"
#include "simulation/planned_model.hpp"
#include "simulation/remote_backend.hpp"
#include "simulation/remote_queue.hpp"
#include "simulation/remote_store.hpp"
#include "worker/worker.hpp"

namespace ottobot::simulation {

// A machine with sandboxes.
struct Host {
  Host(Scheduler& scheduler, Ledger& ledger, std::string name);

  const std::string id;
  SandboxHost sandboxes;
  testing::FakeContainerBackend backend;
};

// What all processes share.
struct Outside {
  Scheduler& scheduler;
  SessionStore& store;
  Queue& queue;
  Ledger& ledger;
  Weather& store_weather;
  Weather& sandbox_weather;
};

// Runs `body` on a thread of `process`, until it returns.
void run_in(Scheduler& scheduler, const ProcessPtr& process, std::function<void()> body);

class WorkerProcess {
 public:
  WorkerProcess(const Outside& outside, Host& host, const worker::WorkerOptions& options);
  ~WorkerProcess();  // as after SIGTERM, if it lives

  const ProcessPtr process;
  // Nothing that it does reaches anybody from now on.
  void kill();
  bool idle() const { return worker_->running_sessions() == 0; }

 private:
  Scheduler& scheduler_;
  RemoteStore store_;
  RemoteQueue queue_;
  RemoteBackend backend_;
  SandboxConnections http_;
  std::unique_ptr<net::HttpServer> ports_;
  PlannedModel model_;
  std::unique_ptr<worker::Worker> worker_;
};

struct ApiProcess {
  ApiProcess(const Outside& outside, const std::string& name, std::int64_t session_timeout_s);

  const ProcessPtr process;
  RemoteStore store;
  RemoteQueue queue;
  SessionService sessions;
};

}  // namespace ottobot::simulation
