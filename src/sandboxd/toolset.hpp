// The sandbox's MCP server: its tools, run through the journal and behind the epoch.
//
// A call with _meta["ottobot/call-id"] runs at most once (see journal.hpp); one without runs directly. A call's
// _meta["ottobot/epoch"] claims: a call of an epoch below the highest seen is refused (fenced). Every result carries
// the boot id, so that a caller knows when the journal is another one. Thread-safe. Destroying it cancels all calls and
// kills all commands.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "ottobot/mcp/server.hpp"
#include "sandboxd/tool.hpp"

namespace ottobot::sandboxd {

class Desktop;

// An epoch as it comes over the wire; nothing for what is no integer from 0 to INT64_MAX.
std::optional<std::int64_t> epoch_from_json(const Json& json);

// Who may act: owners with the highest epoch seen. Thread-safe.
class EpochGate {
 public:
  // Raises the epoch. Errors: fenced (a higher one was claimed).
  Result<void> claim(std::int64_t epoch);
  // Errors: fenced.
  Result<void> admit(std::int64_t epoch) const;
  std::int64_t current() const;

 private:
  mutable std::mutex mutex_;  // guards epoch_
  std::int64_t epoch_ = 0;
};

struct ToolsetOptions {
  std::string workspace;
  std::string run_folder;                          // exists; "console.log", "journal/" and "output/" go there
  std::vector<std::string> groups;                 // empty = all
  std::map<std::string, std::string> environment;  // of commands
  Desktop* desktop = nullptr;                      // outlives the tools; null = none
  std::string version = "0";
  std::size_t max_journal_entries = 10000;
};

class Toolset {
 public:
  // The names that `groups` may have.
  static const std::vector<std::string>& group_names();
  // Errors: invalid_argument (an unknown group), those of the folders.
  static Result<std::unique_ptr<Toolset>> make(const ToolsetOptions& options);
  ~Toolset();
  Toolset(const Toolset&) = delete;
  Toolset& operator=(const Toolset&) = delete;

  mcp::Server& server() { return server_; }
  Journal& journal() { return *journal_; }
  EpochGate& epochs() { return epochs_; }
  Console& console() { return *console_; }
  const Workspace& workspace() const { return workspace_; }
  const std::string& boot_id() const { return boot_id_; }

 private:
  Toolset(const ToolsetOptions& options, Workspace workspace, const std::string& output_folder,
          const std::string& journal_folder);
  Result<void> add_tools(const std::vector<std::string>& groups, const std::string& output_folder);
  Result<void> admit_call(const Json& meta);
  Result<mcp::CallToolResult> call(const SandboxTool& tool, mcp::ToolCall& call, const CallContext& ctx);

  const std::string boot_id_;
  Workspace workspace_;
  ReadMarks marks_;
  EpochGate epochs_;
  mcp::Server server_;
  std::unique_ptr<Console> console_;
  std::unique_ptr<ProcessTable> processes_;
  const std::map<std::string, std::string> environment_;  // the editor's
  std::unique_ptr<Gui> gui_;
  std::unique_ptr<Editor> editor_;
  std::unique_ptr<Journal> journal_;
};

}  // namespace ottobot::sandboxd
