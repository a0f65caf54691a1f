// A real `ottobot serve` on a data directory of its own, which outlives the process: killed, ended and started again.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "integration/test_backend.hpp"
#include "net/process/spawn.hpp"
#include "ottobot/json.hpp"

namespace ottobot::integration {

class ServerProcess {
 public:
  explicit ServerProcess(Environment settings = {}) : ServerProcess(Json(), std::move(settings)) {}
  // Its sandboxes are those of test_backend.hpp. `scenario` of the scripted model; null = none, so the server's own
  // default unless `settings` has LLM_MODEL. Processes that share a data directory are given it as OTTOBOT_DATA_DIR.
  explicit ServerProcess(const Json& scenario, Environment settings = {});
  // Deletes all sessions, as sandboxes outlive their server, and ends it. They are found by the keys of `settings`, if
  // those have a list of some.
  ~ServerProcess();
  ServerProcess(const ServerProcess&) = delete;
  ServerProcess& operator=(const ServerProcess&) = delete;

  // Until it says where it listens. Errors: deadline_exceeded, unavailable (it ended before).
  Result<void> start();
  // Where it listens now is where it will when it is started again.
  void keep_port() { flags_[2] = std::to_string(port()); }
  void kill9();
  void freeze() { process_.kill_group(SIGSTOP); }
  void thaw() { process_.kill_group(SIGCONT); }
  // SIGTERM. Errors: deadline_exceeded: it still runs.
  Result<net::ExitStatus> terminate(std::chrono::milliseconds patience);
  // Another one on the same data directory, to its end.
  Result<net::RunResult> run_second() const;

  bool is_running() const { return running_; }
  const std::string& url() const { return url_; }
  int port() const;
  pid_t pid() const { return process_.pid(); }
  std::filesystem::path data_dir() const;
  std::string log() const;  // its stderr so far

 private:
  net::SpawnOptions options() const;
  Result<std::string> first_line(int fd) const;
  std::vector<std::string> api_keys() const;
  void delete_sessions(const std::string& api_key) const;

  std::filesystem::path dir_;
  Environment environment_;
  std::vector<std::string> flags_;
  net::Process process_;
  net::UniqueFd out_;
  std::string url_;
  bool running_ = false;
};

}  // namespace ottobot::integration
