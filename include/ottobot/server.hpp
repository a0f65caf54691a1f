// Server: the whole documented service in one object, for programs that embed it. `ottobot serve` is this plus a
// command line.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ottobot/access_options.hpp"
#include "ottobot/clock.hpp"
#include "ottobot/container_backend.hpp"
#include "ottobot/llm_provider.hpp"
#include "ottobot/log.hpp"
#include "ottobot/page_file.hpp"
#include "ottobot/queue.hpp"
#include "ottobot/server_role.hpp"
#include "ottobot/session/session_service.hpp"
#include "ottobot/session_store.hpp"

namespace ottobot {

// The building blocks; owned by the server. What is not given here is an error of make(), but for the backend of a
// server of the role api.
struct ServerParts {
  std::unique_ptr<SessionStore> store;
  std::unique_ptr<Queue> queue;
  std::unique_ptr<ContainerBackend> backend;
  // By provider name: "gemini", "scripted", …
  std::vector<std::pair<std::string, std::unique_ptr<LlmProvider>>> providers;
  Clock* clock = nullptr;    // borrowed; null = system_clock()
  Logger* logger = nullptr;  // borrowed; null = null_logger()
};

struct ServerOptions {
  ServerRole role = ServerRole::all;
  std::string host = "127.0.0.1";
  int port = 3000;  // 0 = any free one; see Server::url()
  std::string public_url;
  // PEM files of the certificate (with those that lead to its authority) and its key: https and wss instead of http and
  // ws, newer files are taken up while it runs. Both or neither.
  std::filesystem::path tls_cert, tls_key;
  std::string default_model;  // "provider:model"
  std::string default_environment = "full-stack";
  int max_retries = 3;                          // of a model call that failed for a reason that may pass; 0 = none
  std::chrono::milliseconds retry_delay{1000};  // before the second try, then doubled
  std::chrono::milliseconds model_idle_timeout{std::chrono::minutes(1)};  // silence of a model; 0 = no limit
  std::int64_t session_timeout_s = 3600;
  std::size_t queue_limit = 1000;
  // Store and queue are on Redis, where other processes of the same service may use them: sessions may be run by any of
  // them. AccessOptions::cluster_secret must be set then for them to hand requests on to each other.
  bool uses_redis = false;
  // Where the others reach this process, "http://HOST:PORT"; empty = at host and port.
  std::string advertise_url;
  int worker_concurrency = 64;
  std::string worker_id;
  std::string host_id;  // empty = the machine's
  std::pair<int, int> vnc_ports{6080, 6200}, mcp_ports{8080, 8200};
  SandboxLimits limits;
  std::chrono::milliseconds lease_ttl{10000};
  std::chrono::milliseconds retention{std::chrono::hours(24 * 7)};
  // What the last worker of a host leaves when it is told to end: running sandboxes, in which sessions go on after the
  // next start, or nothing that runs. The files stay, either way.
  bool keeps_sandboxes = true;
  int warm_pool_size = 0;  // spare sandboxes, started ahead of need, for each image and environment
  std::uint64_t snapshot_limit_bytes = 512ull << 20;  // of a workspace's zip after a turn; 0 = none is kept
  std::vector<std::string> cors_origins;
  // Apps in sandboxes are shown at host names below it (5173-ID.apps.example.com); "localhost" serves browsers on this
  // machine. Empty = at paths only, where browsers give them no origin.
  std::string preview_domain = "localhost";
  AccessOptions access;        // by default none: everyone who reaches the port may use it
  std::vector<PageFile> page;  // what / shows; empty = a few words
};

class Server {
 public:
  // Listens and works when it returns. Errors: invalid_argument, conflict (port in use), not_found and
  // permission_denied (files of TLS and of API keys), those of the parts.
  static Result<std::unique_ptr<Server>> start(ServerParts parts, ServerOptions options);
  virtual ~Server() = default;  // as stop()

  virtual std::string url() const = 0;  // http(s)://HOST:PORT
  virtual SessionService& sessions() = 0;
  virtual SessionStore& store() = 0;
  virtual ContainerBackend& backend() = 0;
  // Drains: running turns end between two steps and go on after the next start; sandboxes stay (but see
  // ServerOptions::keeps_sandboxes). Returns within patience plus a moment, and up to 20 s later where sandboxes are to
  // be stopped.
  virtual void stop(std::chrono::milliseconds patience = std::chrono::seconds(10)) = 0;
};

}  // namespace ottobot
