// A service of several processes on one Redis, which something happens to all the time.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "integration/chaos_plan.hpp"
#include "integration/server_process.hpp"
#include "integration/session_client.hpp"
#include "redis/redis_server.hpp"

namespace ottobot::integration {

// Its workers, then its API servers. Thread-safe but for start() and carry_out(), which one thread calls.
class ChaosService {
 public:
  // `settings` besides those that make it one service.
  ChaosService(const Json& scenario, const ChaosOptions& options, const Environment& settings = {});
  ~ChaosService();

  bool start();
  // Returns when all is over and every process runs.
  void carry_out(const std::vector<Mischief>& plan);

  // An API server that was not killed, as far as is known; one that sleeps counts.
  int some_api_port();
  // One try, at some API server. Status 0 when there is no answer.
  net::HttpResponse ask(const std::string& method, const std::string& path, const Json& body = nullptr,
                        const net::Headers& headers = {});
  // As often as it takes, for a minute: until the status is one of these two.
  net::HttpResponse insist(const std::string& method, const std::string& path, int status, int or_status,
                           const Json& body = nullptr, const net::Headers& headers = {});

  ServerProcess& process(std::size_t n) { return *processes_[n]; }
  net::HttpClient& http() { return *http_; }
  testing::RedisServer& redis() { return *redis_; }
  std::filesystem::path data_dir() const { return processes_.front()->data_dir(); }
  int strokes() const { return strokes_; }
  std::map<Blow, int> count_by_blow() const;
  std::string logs() const;

 private:
  bool is_api(std::size_t n) const { return n >= static_cast<std::size_t>(options_.workers); }
  std::string describe(const Mischief& mischief) const;
  void strike(const Mischief& mischief);
  void mend(const Mischief& mischief);
  void publish_ports();

  const ChaosOptions options_;
  std::unique_ptr<net::HttpClient> http_;
  std::optional<testing::RedisServer> redis_;
  std::vector<std::unique_ptr<ServerProcess>> processes_;
  std::atomic<int> strokes_{0};
  mutable std::mutex mutex_;  // guards the members below
  std::vector<int> api_ports_;
  std::map<Blow, int> count_by_blow_;
  std::mt19937 random_;
};

}  // namespace ottobot::integration
