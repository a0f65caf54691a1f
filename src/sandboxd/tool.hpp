// One tool of the sandbox: what tools/list shows, and the function behind it.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ottobot/call_context.hpp"
#include "ottobot/mcp/types.hpp"
#include "sandboxd/console.hpp"
#include "sandboxd/files.hpp"
#include "sandboxd/journal.hpp"
#include "sandboxd/process_table.hpp"
#include "sandboxd/workspace.hpp"

namespace ottobot::sandboxd {

class Editor;
class Gui;

// Borrowed during the call. A tool that works for long watches ctx.
struct ToolScope {
  const Json& args;  // an object
  const Progress& progress;
  const CallContext& ctx;
};

using ToolFunction = std::function<Result<mcp::CallToolResult>(const ToolScope& scope)>;

struct SandboxTool {
  std::string group;  // as in --tools
  mcp::Tool spec;
  ToolFunction run;
};

// What the tools work on; all outlive them.
struct ToolWorld {
  const Workspace& workspace;
  ReadMarks& marks;
  Console& console;
  ProcessTable& processes;
  std::string output_folder;  // read_file may read there too
  Gui& gui;
  Editor& editor;
};

std::vector<SandboxTool> make_read_tools(const ToolWorld& world);
std::vector<SandboxTool> make_file_tools(const ToolWorld& world);
std::vector<SandboxTool> make_edit_tools(const ToolWorld& world);
std::vector<SandboxTool> make_search_tools(const ToolWorld& world);
std::vector<SandboxTool> make_command_tools(const ToolWorld& world);
std::vector<SandboxTool> make_process_tools(const ToolWorld& world);
std::vector<SandboxTool> make_gui_tools(const ToolWorld& world);
std::vector<SandboxTool> make_window_tools(const ToolWorld& world);
std::vector<SandboxTool> make_editor_tools(const ToolWorld& world);

// Pieces of JSON Schema.
struct Argument {
  std::string name;
  std::string type;  // string, integer, number, boolean
  std::string description;
  bool required = true;
  std::optional<double> minimum = std::nullopt;
};
mcp::Tool describe_tool(std::string name, std::string description, const std::vector<Argument>& arguments,
                        const mcp::ToolAnnotations& annotations);
inline constexpr mcp::ToolAnnotations kReadOnly{
    .read_only = true, .destructive = false, .idempotent = true, .open_world = false};
inline constexpr mcp::ToolAnnotations kWrites{
    .read_only = false, .destructive = true, .idempotent = false, .open_world = false};
// Changes what the desktop looks like and nothing else; once more makes no difference.
inline constexpr mcp::ToolAnnotations kArranges{
    .read_only = false, .destructive = false, .idempotent = true, .open_world = false};

// The folder of long outputs, when the absolute `path` lies in it: what only reads may look there too.
std::optional<Workspace> outputs_named_by(const ToolWorld& world, std::string_view path);

// Errors: invalid_argument, naming the argument.
Result<std::string> required_string(const Json& args, const char* name);

}  // namespace ottobot::sandboxd
