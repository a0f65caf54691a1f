// VS Code on the desktop: code-server, started when first asked for, in a browser's window; or the desktop program
// code.
//
// Thread-safe. What is given to the constructor is borrowed for its life.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "sandboxd/gui.hpp"
#include "sandboxd/process_table.hpp"

namespace ottobot::sandboxd {

struct EditorTarget {
  std::string folder;  // absolute: what its explorer shows
  std::string file;    // absolute; empty when only the folder is to be opened
};

// Where code-server at `port` of the loopback shows `target`.
std::string code_server_url(int port, const EditorTarget& target);

class Editor {
 public:
  Editor(ProcessTable& processes, Gui& gui, const std::map<std::string, std::string>& environment)
      : processes_(processes), gui_(gui), environment_(environment) {}

  // Shows `target` in a new window, in front. `structured` is {window, url?, port?}: url is code-server's on this
  // loopback; behind a proxy that takes a prefix off it serves the same under that prefix. Errors: unsupported (names
  // what is missing), unavailable (a program ended or shows nothing; with what it said), those of Gui.
  Result<mcp::CallToolResult> open(const EditorTarget& target, const CallContext& ctx);

 private:
  struct Server {
    std::shared_ptr<ManagedProcess> process;
    int port = 0;
  };
  // How the window is opened.
  struct Launch {
    std::string command;
    std::string url;  // what a browser's window shows; empty without one
    int port = 0;     // code-server's
  };
  Result<Launch> plan_launch(const EditorTarget& target, const CallContext& ctx);
  Result<Server> running_server(const CallContext& ctx);
  Result<Server> start_server(const CallContext& ctx);
  std::string installed(std::initializer_list<const char*> names) const;

  ProcessTable& processes_;
  Gui& gui_;
  const std::map<std::string, std::string>& environment_;
  std::mutex mutex_;  // one call at a time; guards server_
  std::optional<Server> server_;
};

}  // namespace ottobot::sandboxd
