// execute_command, execute_command_async, read_process, write_process.
#include <fcntl.h>

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "sandboxd/text.hpp"
#include "sandboxd/tool.hpp"

namespace ottobot::sandboxd {
namespace {

constexpr double kDefaultTimeoutSeconds = 120;
constexpr double kMaxTimeoutSeconds = 24.0 * 3600;
constexpr std::chrono::milliseconds kProgressInterval{100};
constexpr std::size_t kMaxProgressChars = 4000;
constexpr std::chrono::milliseconds kInputTimeout{5000};

Result<CommandSpec> read_spec(const ToolWorld& world, const Json& args) {
  auto command = required_string(args, "command");
  if (!command) return fail(command.error());
  if (command->find('\0') != std::string::npos) return invalid_field("command", "must not contain a NUL character");
  std::string cwd = get_string(args, "cwd");
  auto folder = world.workspace.open_path(cwd.empty() ? "." : cwd, O_PATH | O_DIRECTORY);
  if (!folder) return fail(folder.error(), "cwd");
  return CommandSpec{std::move(*command), Workspace::real_path(folder->get()), false};
}

Result<std::chrono::milliseconds> read_timeout(const Json& args) {
  double seconds = get_double(args, "timeout_s", kDefaultTimeoutSeconds);
  if (!(seconds > 0)) return invalid_field("timeout_s", "must be greater than 0");
  return std::chrono::milliseconds(static_cast<std::int64_t>(std::ceil(std::min(seconds, kMaxTimeoutSeconds) * 1000)));
}

std::string section(std::string_view name, const std::string& text) {
  if (text.empty()) return {};
  std::string shown = std::string(name) + ":\n" + text;
  if (shown.back() != '\n') shown += '\n';
  return shown;
}

std::string output_text(const ManagedProcess::Snapshot& state) {
  std::string text = section("stdout", state.output.out) + section("stderr", state.output.err);
  if (text.empty()) text = "(no output)\n";
  return text;
}

Json output_json(const ManagedProcess::Snapshot& state) {
  Json json = {{"exit_code", state.exit ? Json(state.exit->code) : Json(nullptr)},
               {"stdout", state.output.out},
               {"stderr", state.output.err},
               {"clipped", state.output.clipped}};
  if (state.output.clipped && !state.output_file.empty()) json["full_output_path"] = state.output_file;
  return json;
}

std::string exit_line(const net::ExitStatus& exit) {
  if (exit.signal != 0)
    return "exit code: " + std::to_string(exit.code) + " (killed by signal " + std::to_string(exit.signal) + ")\n";
  return "exit code: " + std::to_string(exit.code) + "\n";
}

// Reports output as it comes, not more often than every kProgressInterval. True when the process ended.
bool follow(ManagedProcess& process, const ToolScope& scope, const CallContext& ctx) {
  while (ctx.check()) {
    bool ended = process.wait_news(ctx);
    std::uint64_t total = 0;
    std::string news = process.take_news(total);
    if (!news.empty() && scope.progress) {
      scope.progress(static_cast<double>(total), std::string(last_chars(news, kMaxProgressChars)));
    }
    if (ended) return true;
    process.wait_end(ctx.within(kProgressInterval));  // lets output gather
  }
  return !process.running();
}

mcp::CallToolResult finished_result(const ManagedProcess::Snapshot& state) {
  mcp::CallToolResult result = mcp::text_result(exit_line(*state.exit) + output_text(state));
  result.structured = output_json(state);
  result.structured["timed_out"] = false;
  return result;
}

mcp::CallToolResult cancelled_result(const ManagedProcess::Snapshot& state) {
  mcp::CallToolResult result = mcp::error_result("cancelled\n" + output_text(state));
  result.structured = output_json(state);
  result.structured["timed_out"] = false;
  return result;
}

mcp::CallToolResult timed_out_result(const ManagedProcess& process, const ManagedProcess::Snapshot& state) {
  const std::string& id = process.id();
  mcp::CallToolResult result = mcp::text_result("timed out: the command goes on in the background as process " + id +
                                                " (see read_process, kill_process)\n" + output_text(state));
  result.structured = output_json(state);
  result.structured["timed_out"] = true;
  result.structured["process_id"] = id;
  result.structured["pid"] = process.pid();
  return result;
}

Result<mcp::CallToolResult> execute_command(const ToolWorld& world, const ToolScope& scope) {
  auto spec = read_spec(world, scope.args);
  if (!spec) return fail(spec.error());
  auto timeout = read_timeout(scope.args);
  if (!timeout) return fail(timeout.error());
  if (auto alive = scope.ctx.check(); !alive) return fail(alive.error());
  auto process = world.processes.start(std::move(*spec));
  if (!process) return fail(process.error());
  bool ended = follow(**process, scope, scope.ctx.within(*timeout));
  if (ended) return finished_result((*process)->snapshot());
  if (scope.ctx.stop.stop_requested()) {
    world.processes.terminate(**process);
    return cancelled_result((*process)->snapshot());
  }
  return timed_out_result(**process, (*process)->snapshot());
}

Result<mcp::CallToolResult> execute_command_async(const ToolWorld& world, const ToolScope& scope) {
  auto spec = read_spec(world, scope.args);
  if (!spec) return fail(spec.error());
  spec->with_input = true;
  auto process = world.processes.start(std::move(*spec));
  if (!process) return fail(process.error());
  mcp::CallToolResult result =
      mcp::text_result("started as process " + (*process)->id() + " (pid " + std::to_string((*process)->pid()) + ")");
  result.structured = {{"process_id", (*process)->id()}, {"pid", (*process)->pid()}};
  return result;
}

Result<std::shared_ptr<ManagedProcess>> named_process(const ToolWorld& world, const Json& args) {
  auto id = required_string(args, "process_id");
  if (!id) return fail(id.error());
  auto process = world.processes.find(*id);
  if (!process) return not_found("no process '" + *id + "'", "list_processes shows what runs");
  return process;
}

Result<mcp::CallToolResult> read_process(const ToolWorld& world, const ToolScope& scope) {
  auto process = named_process(world, scope.args);
  if (!process) return fail(process.error());
  auto state = (*process)->snapshot();
  mcp::CallToolResult result =
      mcp::text_result((state.exit ? exit_line(*state.exit) : "running\n") + output_text(state));
  result.structured = output_json(state);
  result.structured["process_id"] = (*process)->id();
  result.structured["pid"] = (*process)->pid();
  result.structured["running"] = !state.exit.has_value();
  return result;
}

Result<mcp::CallToolResult> write_process(const ToolWorld& world, const ToolScope& scope) {
  auto process = named_process(world, scope.args);
  if (!process) return fail(process.error());
  auto input = required_string(scope.args, "input");
  if (!input) return fail(input.error());
  auto written = (*process)->write_input(*input, scope.ctx.within(kInputTimeout));
  if (!written) return fail(written.error());
  return mcp::text_result("wrote " + std::to_string(input->size()) + " bytes to process " + (*process)->id());
}

}  // namespace

std::vector<SandboxTool> make_command_tools(const ToolWorld& world) {
  const Argument command{"command", "string", "Shell command"};
  const Argument cwd{"cwd", "string", "Folder to run it in; the workspace when left out", false};
  const Argument process_id{"process_id", "string", "As given by execute_command_async"};
  mcp::ToolAnnotations runs = kWrites;
  runs.open_world = true;
  return {
      {"commands",
       describe_tool("execute_command",
                     "Run a shell command and wait for it. Past timeout_s it goes on in the background. Long output is "
                     "clipped in the middle and kept whole in a file.",
                     {command, cwd, {"timeout_s", "number", "Seconds to wait, 120 when left out", false}}, runs),
       [world](const ToolScope& scope) { return execute_command(world, scope); }},
      {"commands",
       describe_tool("execute_command_async", "Start a shell command in the background, such as a server.",
                     {command, cwd}, runs),
       [world](const ToolScope& scope) { return execute_command_async(world, scope); }},
      {"commands",
       describe_tool("read_process", "Output so far and state of a background command.", {process_id}, kReadOnly),
       [world](const ToolScope& scope) { return read_process(world, scope); }},
      {"commands",
       describe_tool("write_process", "Write to the standard input of a background command.",
                     {process_id, {"input", "string", "Text, with its line end if it needs one"}}, runs),
       [world](const ToolScope& scope) { return write_process(world, scope); }},
  };
}

}  // namespace ottobot::sandboxd
