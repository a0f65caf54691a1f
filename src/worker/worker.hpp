// Worker: owns sessions while they have work, and runs their turns.
//
// One thread takes jobs, a bounded number of threads run sessions, one renews leases, one reconciles and reaps. A
// session without work holds none of them. Everything given by reference must outlive the worker.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "net/client/http_client.hpp"
#include "net/server/http_server.hpp"
#include "ottobot/clock.hpp"
#include "ottobot/container_backend.hpp"
#include "ottobot/llm_provider.hpp"
#include "ottobot/log.hpp"
#include "ottobot/queue.hpp"
#include "ottobot/session_store.hpp"

namespace ottobot::worker {

struct PortRange {
  int first = 0, last = 0;  // 0 = none
};

// Gives the provider for "provider:model" and the model's own name. The provider outlives the worker.
struct ModelHandle {
  LlmProvider* provider = nullptr;
  std::string model;
};
using ModelLookup = std::function<Result<ModelHandle>(const std::string& model)>;

struct WorkerDependencies {
  SessionStore& store;
  Queue& queue;
  ContainerBackend& backend;
  net::HttpClient& http;
  net::HttpServer& server;  // for the per-session ports
  Clock& clock;
  Logger& logger;
  ModelLookup models;
  // Handlers of a session's own ports: noVNC with its WebSocket, and the MCP relay.
  std::function<net::Handler(const std::string& session_id)> vnc_handler;
  std::function<net::Handler(const std::string& session_id)> mcp_handler;
  // Told of every turn that ends here, on the thread that ran it. May be empty.
  std::function<void(const FinishedTurn&)> on_turn;
  // Whether a person controls the session's desktop: the agent's own input waits then. Asked about ten times a second
  // while it waits; must not block for long. May be empty: nobody ever does.
  std::function<bool(const std::string& session_id)> person_controls_desktop;
  // Whether a sandbox can be launched now. Errors: unavailable; a session that needs one then waits in the store, as
  // long as it lives. May be empty: always.
  std::function<Result<void>()> check_launches;
  // Body of what those ports refuse before a handler sees it. May be empty: plain text.
  std::function<net::Response(int status, const std::string& message)> error_response;
};

struct WorkerOptions {
  std::string worker_id;
  std::string host_id;
  std::string bind_address = "127.0.0.1";
  int concurrency = 64;  // sessions that run at once
  std::chrono::milliseconds lease_ttl{10000};
  std::chrono::milliseconds reconcile_interval{2000};
  std::chrono::milliseconds reap_interval{30000};
  std::chrono::milliseconds launch_timeout{120000};
  std::chrono::milliseconds retention{std::chrono::hours(24 * 7)};
  PortRange vnc_ports{6080, 6200}, mcp_ports{8080, 8200};
  SandboxLimits limits;
  std::chrono::milliseconds disk_watch_interval{2000};  // at least, between two looks at what sandboxes take of it
  int warm_pool_size = 0;                               // spare sandboxes for each image and environment
  std::string default_environment;
  std::uint64_t snapshot_limit_bytes = 512ull << 20;  // of a workspace's zip after a turn; 0 = none is kept
  std::chrono::milliseconds desktop_patience{30000};  // of a call that waits for a person to give the desktop back
  bool has_peers = false;                             // other workers may run the same sessions, on other hosts too
  std::string advertised_url;                         // where other processes reach this one; empty = they do not
  std::string secret_digest;                          // see WorkerRecord
};

class Worker {
 public:
  static Result<std::unique_ptr<Worker>> start(WorkerDependencies dependencies, WorkerOptions options);
  virtual ~Worker() = default;  // as drain() with a short deadline

  // Takes no more jobs, ends the running turns between two steps and leaves them to the next owner; sandboxes stay.
  virtual void drain(std::chrono::milliseconds patience) = 0;
  // Leases a VNC port for a session that is about to be created and listens on it. 0 when the range is used up.
  virtual Result<int> reserve_vnc_port(const std::string& session_id, const CallContext& ctx) = 0;
  virtual void release_ports(const std::string& session_id) = 0;
  virtual int running_sessions() const = 0;
  // The id for a new session whose sandbox is there already; nullopt when there is none to spare.
  virtual std::optional<std::string> take_spare(const std::string& image, const std::string& environment) = 0;
  virtual int spare_sandboxes() const = 0;
};

}  // namespace ottobot::worker
