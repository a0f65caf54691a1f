// list_processes, kill_process.
#include <cerrno>

#include "sandboxd/process_list.hpp"
#include "sandboxd/text.hpp"
#include "sandboxd/tool.hpp"

namespace ottobot::sandboxd {
namespace {

Json row_json(const ProcessRow& row, const std::string& process_id) {
  Json json = {{"pid", row.pid},
               {"ppid", row.parent},
               {"state", std::string(1, row.state)},
               {"memory_kib", row.memory_kib},
               {"command", row.command}};
  if (!process_id.empty()) json["process_id"] = process_id;
  return json;
}

Result<mcp::CallToolResult> list_processes(const ToolWorld& world, const ToolScope&) {
  Json rows = Json::array();
  std::string text = "  PID   PPID  STATE  MEMORY  COMMAND\n";
  for (const ProcessRow& row : read_processes()) {
    auto managed = world.processes.find_pid(row.pid);
    std::string id = managed && managed->running() ? managed->id() : "";
    rows.push_back(row_json(row, id));
    text += std::to_string(row.pid) + "  " + std::to_string(row.parent) + "  " + row.state + "  " +
            human_bytes(row.memory_kib * 1024) + "  " + std::string(first_chars(row.command, 200)) +
            (id.empty() ? "" : "  (" + id + ")") + "\n";
  }
  mcp::CallToolResult result = mcp::text_result(clip_middle({text, "", 0}, kMaxOutputChars, "").text);
  result.structured = {{"processes", std::move(rows)}};
  return result;
}

mcp::CallToolResult killed(const std::string& what) {
  mcp::CallToolResult result = mcp::text_result("Killed " + what);
  result.structured = {{"killed", true}};
  return result;
}

Result<mcp::CallToolResult> kill_managed(const ToolWorld& world, ManagedProcess& process) {
  if (!process.has_group()) {
    auto exit = process.look(ManagedProcess::Since::start).exit;
    return conflict("process " + process.id() + " has ended already, with exit code " +
                    std::to_string(exit ? exit->code : -1));
  }
  world.processes.terminate(process);
  return killed("process " + process.id() + " (pid " + std::to_string(process.pid()) + ")");
}

Result<mcp::CallToolResult> kill_pid(const ToolWorld& world, std::int64_t number) {
  if (number <= 1 || number > (1 << 22)) return invalid_field("pid", "must be a process number greater than 1");
  auto pid = static_cast<pid_t>(number);
  if (auto managed = world.processes.find_pid(pid); managed && managed->has_group())
    return kill_managed(world, *managed);
  auto row = read_process_row(pid);
  if (!row) return not_found("no process " + std::to_string(pid), "list_processes shows what runs");
  if (row->group <= 1 || row->group == ::getpgrp()) {
    return permission_denied("process " + std::to_string(pid) + " belongs to the sandbox itself");
  }
  if (::kill(-row->group, 0) != 0 && errno == EPERM)
    return permission_denied("process " + std::to_string(pid) + " is not ours");
  terminate_group(row->group);
  return killed("the process group of pid " + std::to_string(pid));
}

Result<mcp::CallToolResult> kill_process(const ToolWorld& world, const ToolScope& scope) {
  if (const Json* pid = find_member(scope.args, "pid"); pid != nullptr) {
    if (!pid->is_number()) return invalid_field("pid", "must be an integer");
    if (find_member(scope.args, "process_id") != nullptr)
      return invalid_field("pid", "give pid or process_id, not both");
    return kill_pid(world, get_int(scope.args, "pid"));
  }
  std::string id = get_string(scope.args, "process_id");
  if (id.empty()) return invalid_field("pid", "give pid or process_id");
  auto process = world.processes.find(id);
  if (!process) return not_found("no process '" + id + "'", "list_processes shows what runs");
  return kill_managed(world, *process);
}

}  // namespace

std::vector<SandboxTool> make_process_tools(const ToolWorld& world) {
  return {
      {"processes", describe_tool("list_processes", "The processes that run in the sandbox.", {}, kReadOnly),
       [world](const ToolScope& scope) { return list_processes(world, scope); }},
      {"processes",
       describe_tool("kill_process", "End a process and its whole group.",
                     {{"pid", "integer", "Process number", false},
                      {"process_id", "string", "Or: as given by execute_command_async", false}},
                     kWrites),
       [world](const ToolScope& scope) { return kill_process(world, scope); }},
  };
}

}  // namespace ottobot::sandboxd
