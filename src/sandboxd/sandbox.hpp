// ottobot-sandboxd as a library: tools, desktop and their HTTP endpoint.
//
// start() listens, when it was told where; the object serves until it is destroyed, which cancels calls, kills what
// they started and joins.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "net/server/http_server.hpp"
#include "ottobot/log.hpp"
#include "sandboxd/desktop.hpp"
#include "sandboxd/toolset.hpp"

namespace ottobot::sandboxd {

struct SandboxOptions {
  std::string workspace;
  std::string listen;              // "unix:PATH" or "HOST:PORT"; empty = no endpoint, tools() only
  std::string token;               // of the endpoint; not empty when there is one
  std::string run_folder;          // empty: default_run_folder()
  std::vector<std::string> tools;  // groups; empty = all
  DesktopMode desktop = DesktopMode::automatic;
  int width = 1920, height = 1080;
  std::map<std::string, std::string> environment;  // what commands get; HOME, PATH, TERM, LANG, DISPLAY are filled in
  std::string own_program;                         // path of ottobot-sandboxd
  std::string version = "0";
  Logger* logger = nullptr;  // null_logger() when null; outlives the sandbox
};

// /run/ottobot if it can be written, else a new folder below TMPDIR (as in `environment`) or /tmp. Errors: those of
// mkdir.
Result<std::string> default_run_folder(const std::map<std::string, std::string>& environment);

class Sandbox {
 public:
  // Errors: invalid_argument (names the option), conflict (address or run folder in use), those of folders.
  static Result<std::unique_ptr<Sandbox>> start(SandboxOptions options);
  ~Sandbox();
  Sandbox(const Sandbox&) = delete;
  Sandbox& operator=(const Sandbox&) = delete;

  // "unix:PATH" or "http://HOST:PORT", with the port that was taken; empty without an endpoint.
  const std::string& address() const;
  int port() const;  // 0 for a unix socket or none
  // The tools, for other transports. Lives as long as the sandbox.
  mcp::Server& tools();

 private:
  struct Parts;
  Result<void> open_endpoint(net::ListenOptions listen, const SandboxOptions& options);
  explicit Sandbox(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace ottobot::sandboxd
