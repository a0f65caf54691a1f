// ServerClient: a running server, as the commands that use one see it. One thread.
#pragma once

#include <memory>
#include <string>

#include "command_line.hpp"
#include "net/client/http_client.hpp"
#include "ottobot/json.hpp"

namespace ottobot::cli {

class ServerClient {
 public:
  // Where it is and the key for it come from --url, --api-key and the settings. Errors: those of load_settings().
  static Result<ServerClient> make(const SettingFlags& flags);

  const std::string& url() const { return url_; }
  const std::string& api_key() const { return api_key_; }  // empty = none
  const std::string& ca_file() const { return ca_file_; }  // empty = none
  // `path` is encoded, with its query.
  net::HttpRequest request(std::string method, const std::string& path) const;

  // The body of a 2xx answer; null when it has none. Errors: what the server answered, with its message, hint and
  // details; unavailable (nobody listens there), internal (not JSON), cancelled, deadline_exceeded.
  Result<Json> get(const std::string& path, const CallContext& ctx) const;
  Result<Json> send(std::string method, const std::string& path, const Json& body, const CallContext& ctx) const;
  Result<void> stream(const net::HttpRequest& request, net::ResponseSink& sink, const CallContext& ctx) const;

 private:
  ServerClient(std::string url, std::string api_key, std::string ca_file, std::unique_ptr<net::HttpClient> http)
      : url_(std::move(url)), api_key_(std::move(api_key)), ca_file_(std::move(ca_file)), http_(std::move(http)) {}
  Result<Json> fetch(const net::HttpRequest& request, const CallContext& ctx) const;

  std::string url_, api_key_, ca_file_;
  std::unique_ptr<net::HttpClient> http_;
};

// --url, --api-key, --ca-file, --config. `flags` is borrowed until `command` was parsed.
void add_server_flags(CLI::App& command, SettingFlags& flags);

// What a refusal of the server says: status, and the body if it is one of its errors.
Error refusal(int status, const std::string& body);
// "no server at URL", or what is wrong with its certificate, instead of what the transport said.
Error explain_unreachable(Error error, const std::string& url);
// "session/ID". Errors: invalid_argument (cannot be one).
Result<std::string> session_path(const std::string& id);

}  // namespace ottobot::cli
