// Looking at and into sandboxes that run the stand-in daemon, whatever the backend.
#pragma once

#include <netinet/in.h>

#include <chrono>
#include <filesystem>
#include <functional>
#include <string>

#include "net/unique_fd.hpp"
#include "ottobot/container_backend.hpp"

namespace ottobot::containers {

// A folder that is gone at the end of the test. Its parents can be passed by every uid.
class TemporaryFolder {
 public:
  TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder();
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// A program that was built beside the tests.
std::string built_program(const std::string& name);
std::string stand_in_daemon();

// Sends the bytes and returns all that comes back until the other side closes; what went wrong, when it does.
std::string ask(const Endpoint& endpoint, const std::string& request,
                std::chrono::milliseconds timeout = std::chrono::seconds(30));

struct ShellResult {
  int exit_code = -1;
  std::string output;
};
// Runs `command` in the sandbox. exit_code is -1 when there was no answer.
ShellResult run_in(const Sandbox& sandbox, const std::string& command,
                   std::chrono::milliseconds timeout = std::chrono::seconds(30));

// A listener of this host, on a port that a sandbox does not have by chance; port 0 when there is none free.
struct Listener {
  net::UniqueFd fd;
  int port = 0;
};
Listener listen_on(in_addr_t address);

// An address of this host that is not loopback; 0 when there is none.
in_addr_t outer_address();
std::string text_of(in_addr_t address);

// Looks every 10 ms, for at most 5 s.
bool waits_until(const std::function<bool()>& met);

}  // namespace ottobot::containers
