// open_vscode.
#include <fcntl.h>
#include <sys/stat.h>

#include "sandboxd/editor.hpp"
#include "sandboxd/tool.hpp"

namespace ottobot::sandboxd {
namespace {

Result<mcp::CallToolResult> open_vscode(const ToolWorld& world, const ToolScope& scope) {
  auto path = required_string(scope.args, "path");
  if (!path) return fail(path.error());
  auto opened = world.workspace.open_path(*path, O_PATH);
  if (!opened) return fail(opened.error());
  struct stat info {};
  if (::fstat(opened->get(), &info) != 0) return errno_error(*path, errno);
  const std::string real = Workspace::real_path(opened->get());
  if (S_ISDIR(info.st_mode)) return world.editor.open({real, ""}, scope.ctx);
  if (!S_ISREG(info.st_mode))
    return invalid_field("path", "is " + special_kind(info.st_mode) + ", not a file or folder");
  return world.editor.open({world.workspace.root(), real}, scope.ctx);
}

}  // namespace

std::vector<SandboxTool> make_editor_tools(const ToolWorld& world) {
  return {
      {"editor",
       describe_tool("open_vscode", "Open a file or folder in VS Code on the desktop, where a person can see it.",
                     {{"path", "string", "In the workspace; . is all of it"}}, kArranges),
       [world](const ToolScope& scope) { return open_vscode(world, scope); }},
  };
}

}  // namespace ottobot::sandboxd
