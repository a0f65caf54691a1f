// A server that a benchmark starts, on a core of its own where there are two, and kills at its end.
#pragma once

#include <sys/types.h>

#include <memory>
#include <string>
#include <vector>

#include "net/process/spawn.hpp"
#include "net/unique_fd.hpp"

namespace ottobot::bench {

enum class Cores { one, all };

struct ServerCommand {
  std::string name;
  std::vector<std::string> argv;  // its first line of output ends in ":PORT"
  Cores cores = Cores::one;
};

class ServerProcess {
 public:
  // Returns when it listens. Errors: unavailable (it ended, or said something else), those of spawning.
  static Result<std::unique_ptr<ServerProcess>> start(const ServerCommand& command);
  ~ServerProcess();
  ServerProcess(const ServerProcess&) = delete;
  ServerProcess& operator=(const ServerProcess&) = delete;

  int port() const { return port_; }
  pid_t pid() const { return process_.pid(); }

 private:
  ServerProcess(net::Process process, net::UniqueFd output)
      : process_(std::move(process)), output_(std::move(output)) {}
  bool read_port();

  net::Process process_;
  net::UniqueFd output_;
  std::string first_line_;
  int port_ = 0;
};

// Starts it once, as a trial. False when that fails: what cannot be measured here is named on stderr.
bool starts_or_is_named(const ServerCommand& command);

// This thread, and those it starts, run where no ServerProcess does.
void pin_load();

// The Bun that npm has put below `peers`.
std::string bun_of(const std::string& peers);

}  // namespace ottobot::bench
