// The whole HTTP face over real sockets: server, client, memory store and a sandbox made of our own HTTP server.
#pragma once

#include <stdlib.h>
#include <atomic>

#include <atomic>
#include <filesystem>

#include "api/api.hpp"
#include "ottobot/queue.hpp"
#include "ottobot/stores/memory.hpp"

namespace ottobot::api::test {

// Stands where sandboxd stands: on a unix socket, behind a token.
class FakeSandbox {
 public:
  FakeSandbox();
  ~FakeSandbox();
  Endpoint endpoint() const { return {"unix:" + socket_, "secret", std::nullopt}; }

  // Set before the first request; unset routes answer 404.
  std::function<void(net::Exchange&)> archive, files, mcp, rfb, tcp;

 private:
  void handle(net::Exchange& exchange);

  std::filesystem::path folder_;
  std::string socket_;
  std::unique_ptr<net::HttpServer> server_;
  std::unique_ptr<net::Listener> listener_;
};

class ApiTest : public ::testing::Test {
 protected:
  ApiTest();
  ~ApiTest() override;

  // Between construction and the first request.
  void restart(ApiOptions options);

  net::HttpResponse send(const std::string& method, const std::string& path, const std::string& body = {},
                         net::Headers headers = {});
  net::HttpResponse get(const std::string& path, net::Headers headers = {}) {
    return send("GET", path, {}, std::move(headers));
  }
  static Json json_of(const net::HttpResponse& response);

  void make_sessions();

  // A session with an owner; its log then has three events.
  std::string create_session(const std::string& user = {});
  Seq append(const std::string& session_id, std::vector<NewEvent> events, RowPatch patch = {});
  Seq say(const std::string& session_id, const std::string& text);
  void finish_delete(const std::string& session_id);
  std::string store_archive(const std::string& session_id, const std::string& bytes);
  int port() const { return listener_->port(); }

  // The server's and the API's; set before a restart() that needs another.
  Clock* clock_ = &system_clock();
  Logger* logger_ = &null_logger();
  std::unique_ptr<SessionStore> store_ = make_memory_store();
  std::unique_ptr<Queue> queue_ = make_memory_queue();
  std::unique_ptr<SessionService> sessions_;
  std::unique_ptr<net::HttpServer> server_;
  std::unique_ptr<net::HttpClient> http_;
  FakeSandbox sandbox_;
  std::atomic<bool> sandbox_up_{false};
  std::function<Json()> health_;
  // Used from the next restart() on.
  std::function<Result<Json>(const std::string&, const CallContext&)> metrics_;
  std::function<Result<std::string>(const std::string&, const CallContext&)> metrics_text_;
  std::function<void(const AnsweredRequest&)> on_answered_;
  std::unique_ptr<Api> api_;
  std::atomic<int> handling_{0};  // requests, just now; none may be when the Api goes before its listener
  std::unique_ptr<net::Listener> listener_;
};

}  // namespace ottobot::api::test
