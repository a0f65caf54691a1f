// The host's side of sandboxd's endpoint: control calls, health and the archive. Thread-safe.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "net/client/http_client.hpp"
#include "ottobot/container_backend.hpp"
#include "ottobot/session_store.hpp"

namespace ottobot::worker {

struct ArchiveOptions {
  bool quick = false;           // less time in the sandbox, more bytes in the store
  std::uint64_t max_bytes = 0;  // unsupported beyond; 0 = no bound
  // Asked every `check_interval` while bytes arrive: an error ends it. May be empty.
  std::function<Result<void>()> check;
  std::chrono::milliseconds check_interval{1000};
};

class SandboxClient {
 public:
  SandboxClient(net::HttpClient& http, Endpoint endpoint) : http_(http), endpoint_(std::move(endpoint)) {}

  const Endpoint& endpoint() const { return endpoint_; }

  // Makes `epoch` the only one that sandboxd still serves, and gives its boot id. Errors: fenced, unavailable.
  Result<std::string> claim(std::uint64_t epoch, const CallContext& ctx);
  // Ends a call where it runs.
  Result<void> cancel(const std::string& call_id, std::uint64_t epoch, const CallContext& ctx);
  // These results are durable with us.
  Result<void> acknowledge(const std::vector<std::string>& call_ids, std::uint64_t epoch, const CallContext& ctx);
  // Its boot id. Errors: unavailable.
  Result<std::string> health(const CallContext& ctx);
  // The workspace as zip into a blob of the session; the blob's id. Errors: those of the options, of the store and of
  // the sandbox.
  Result<std::string> archive(SessionStore& store, const std::string& session_id, const ArchiveOptions& options,
                              const CallContext& ctx);
  // Puts such an archive back into the workspace; may be repeated. Errors: those of the blob and of the sandbox.
  Result<void> restore(SessionStore& store, const std::string& session_id, const std::string& blob_id,
                       const CallContext& ctx);
  Result<bool> is_workspace_empty(const CallContext& ctx);

 private:
  Result<Json> control(const std::string& verb, const Json& body, const CallContext& ctx);

  net::HttpClient& http_;
  Endpoint endpoint_;
};

}  // namespace ottobot::worker
