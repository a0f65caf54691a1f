// One engine's HTTP: requests with a limit of their own, and its failures as errors that say what to do.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "containers/docker/engine_address.hpp"
#include "net/client/http_client.hpp"
#include "ottobot/json.hpp"

namespace ottobot::containers {

struct EngineRequest {
  std::string method = "GET";
  std::string path;  // encoded, with query; without a version: the engine then speaks its newest
  std::string body;
  std::string content_type = "application/json";
  std::chrono::milliseconds timeout{0};       // until the answer is complete; 0 = the client's own
  std::chrono::milliseconds idle_timeout{0};  // instead, for streams: between bytes
};

class EngineClient {
 public:
  static Result<std::unique_ptr<EngineClient>> make(EngineAddress address, std::chrono::milliseconds call_timeout);

  // The body of a 2xx or 304 answer. Errors: not_found, conflict, invalid_argument, permission_denied as the engine's
  // status has it, resource_exhausted (its disk is full), unavailable (no engine, any other failure, no answer in
  // time), deadline_exceeded and cancelled (ctx).
  Result<std::string> call(const EngineRequest& request, const CallContext& ctx) const;
  // The same, with the answer's JSON; null when it has none.
  Result<Json> call_json(const EngineRequest& request, const CallContext& ctx) const;
  // The same, with the body given piece by piece. A failure's body is never given.
  Result<void> stream(const EngineRequest& request, const std::function<Result<void>(std::string_view)>& on_bytes,
                      const CallContext& ctx) const;

  const EngineAddress& address() const { return address_; }

 private:
  EngineClient(EngineAddress address, std::chrono::milliseconds call_timeout, std::unique_ptr<net::HttpClient> http)
      : address_(std::move(address)), call_timeout_(call_timeout), http_(std::move(http)) {}
  Result<net::HttpRequest> http_request(const EngineRequest& request) const;
  Failure call_error(const EngineRequest& request, const Error& error, const CallContext& ctx) const;

  const EngineAddress address_;
  const std::chrono::milliseconds call_timeout_;
  const std::unique_ptr<net::HttpClient> http_;
};

// What an answer of `status` with the engine's `message` means. Pure.
Error engine_error(int status, const std::string& message);

// For a query: everything but unreserved characters is escaped.
std::string query_encode(std::string_view text);

}  // namespace ottobot::containers
