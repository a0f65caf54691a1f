// execute_command, execute_command_async, read_process, write_process.
#include <fcntl.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <sstream>

#include "sandboxd/text.hpp"
#include "sandboxd/tool.hpp"

namespace ottobot::sandboxd {
namespace {

constexpr double kDefaultTimeoutSeconds = 120;
constexpr double kMaxTimeoutSeconds = 24.0 * 3600;
constexpr std::chrono::milliseconds kProgressInterval{100};
constexpr std::size_t kMaxProgressChars = 4000;
constexpr double kMaxWaitSeconds = 600;
constexpr std::chrono::milliseconds kInputTimeout{5000};
constexpr std::chrono::milliseconds kOutputGrace{200};

using Look = ManagedProcess::Snapshot;

Result<CommandSpec> read_spec(const ToolWorld& world, const Json& args) {
  auto command = required_string(args, "command");
  if (!command) return fail(command.error());
  if (command->find_first_not_of(" \t\r\n") == std::string::npos) return invalid_field("command", "must not be empty");
  if (command->find('\0') != std::string::npos) return invalid_field("command", "must not contain a NUL character");
  std::string cwd = get_string(args, "cwd");
  auto folder = world.workspace.open_path(cwd.empty() ? "." : cwd, O_PATH | O_DIRECTORY);
  if (!folder) return fail(folder.error(), "cwd");
  return CommandSpec{std::move(*command), Workspace::real_path(folder->get()), false};
}

std::chrono::milliseconds to_milliseconds(double seconds) {
  return std::chrono::milliseconds(static_cast<std::int64_t>(std::ceil(seconds * 1000)));
}

Result<std::chrono::milliseconds> read_timeout(const Json& args) {
  double seconds = get_double(args, "timeout_s", kDefaultTimeoutSeconds);
  if (!(seconds > 0)) return invalid_field("timeout_s", "must be greater than 0");
  return to_milliseconds(std::min(seconds, kMaxTimeoutSeconds));
}

std::string section(std::string_view name, const std::string& text) {
  if (text.empty()) return {};
  std::string shown = std::string(name) + ":\n" + text;
  if (shown.back() != '\n') shown += '\n';
  return shown;
}

std::string output_text(const Look& look, std::string_view nothing = "(no output)\n") {
  std::string text = section("STDOUT", look.output.out) + section("STDERR", look.output.err);
  if (text.empty()) text = nothing;
  if (look.output.replaced && !look.output_file.empty()) {
    text += "[not all of it is UTF-8: \xEF\xBF\xBD stands for other bytes; the exact output is in " + look.output_file +
            "]\n";
  }
  return text;
}

Json output_json(const Look& look) {
  Json json = {{"exit_code", look.exit ? Json(look.exit->code) : Json(nullptr)},
               {"stdout", look.output.out},
               {"stderr", look.output.err},
               {"clipped", look.output.clipped}};
  if ((look.output.clipped || look.output.replaced) && !look.output_file.empty()) {
    json["full_output_path"] = look.output_file;
  }
  return json;
}

std::string exit_line(const net::ExitStatus& exit) {
  std::string line = "Exit code: " + std::to_string(exit.code);
  if (exit.signal == 0) return line + "\n";
  line += " (killed by signal " + std::to_string(exit.signal);
  if (const char* name = ::sigabbrev_np(exit.signal); name != nullptr) line += std::string(", SIG") + name;
  return line + ")\n";
}

// What the shell left running after its end.
std::string left_running(const ManagedProcess& process, const Look& look) {
  if (!look.exit || !look.has_group) return {};
  return "[it left something running in the background: read_process " + process.id() +
         " shows what that writes, kill_process " + process.id() + " ends it]\n";
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

mcp::CallToolResult command_result(const Look& look, std::string text, bool timed_out) {
  mcp::CallToolResult result = mcp::text_result(std::move(text));
  result.structured = output_json(look);
  result.structured["timed_out"] = timed_out;
  return result;
}

mcp::CallToolResult finished_result(ManagedProcess& process) {
  // What still writes for the shell (`tee` behind a substitution) has a moment to end; a server does not hold the call.
  process.wait_output_end(with_timeout(kOutputGrace));
  Look look = process.look(ManagedProcess::Since::last_look);
  auto result = command_result(look, exit_line(*look.exit) + output_text(look) + left_running(process, look), false);
  if (look.has_group) result.structured["process_id"] = process.id();
  return result;
}

mcp::CallToolResult cancelled_result(ManagedProcess& process) {
  Look look = process.look(ManagedProcess::Since::last_look);
  auto result =
      command_result(look, "cancelled: the command and its children were killed\n" + output_text(look), false);
  result.is_error = true;
  return result;
}

mcp::CallToolResult timed_out_result(ManagedProcess& process, std::chrono::milliseconds timeout) {
  Look look = process.look(ManagedProcess::Since::last_look);
  const std::string& id = process.id();
  std::ostringstream text;
  text << "Timed out after " << static_cast<double>(timeout.count()) / 1000
       << " s: the command goes on in the background as process " << id << ". read_process " << id
       << " waits for it and shows its further output, kill_process " << id << " ends it.\n"
       << output_text(look);
  auto result = command_result(look, text.str(), true);
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
  if (ended) return finished_result(**process);
  if (scope.ctx.stop.stop_requested()) {
    world.processes.terminate(**process);
    return cancelled_result(**process);
  }
  return timed_out_result(**process, *timeout);
}

Result<mcp::CallToolResult> execute_command_async(const ToolWorld& world, const ToolScope& scope) {
  auto spec = read_spec(world, scope.args);
  if (!spec) return fail(spec.error());
  spec->with_input = true;
  auto process = world.processes.start(std::move(*spec));
  if (!process) return fail(process.error());
  mcp::CallToolResult result =
      mcp::text_result("Started as process " + (*process)->id() + " (pid " + std::to_string((*process)->pid()) + ")");
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
  double wait = get_double(scope.args, "wait_s", 0);
  if (wait < 0) return invalid_field("wait_s", "must not be negative");
  if (wait > 0) (*process)->wait_unread(scope.ctx.within(to_milliseconds(std::min(wait, kMaxWaitSeconds))));
  const bool from_start = get_bool(scope.args, "all");
  Look look = (*process)->look(from_start ? ManagedProcess::Since::start : ManagedProcess::Since::last_look);
  mcp::CallToolResult result = mcp::text_result((look.exit ? exit_line(*look.exit) : "Running\n") +
                                                output_text(look, from_start ? "(no output)\n" : "(no new output)\n") +
                                                left_running(**process, look));
  result.structured = output_json(look);
  result.structured["process_id"] = (*process)->id();
  result.structured["pid"] = (*process)->pid();
  result.structured["running"] = !look.exit.has_value();
  return result;
}

Result<mcp::CallToolResult> write_process(const ToolWorld& world, const ToolScope& scope) {
  auto process = named_process(world, scope.args);
  if (!process) return fail(process.error());
  auto input = required_string(scope.args, "input");
  if (!input) return fail(input.error());
  auto written = (*process)->write_input(*input, scope.ctx.within(kInputTimeout));
  if (!written) return fail(written.error());
  const bool close = get_bool(scope.args, "close");
  if (close) (*process)->close_input();
  return mcp::text_result("Wrote " + counted(input->size(), "byte") + " to process " + (*process)->id() +
                          (close ? " and closed its input" : ""));
}

}  // namespace

std::vector<SandboxTool> make_command_tools(const ToolWorld& world) {
  const Argument command{"command", "string", "Command for the shell (bash), one or many lines"};
  const Argument cwd{"cwd", "string", "Folder in the workspace to run it in; the workspace itself when left out",
                     false};
  const Argument process_id{"process_id", "string", "As given by execute_command_async, such as p1"};
  mcp::ToolAnnotations runs = kWrites;
  runs.open_world = true;
  mcp::ToolAnnotations polls = kReadOnly;
  polls.idempotent = false;
  return {
      {"commands",
       describe_tool("execute_command",
                     "Run a shell command and wait for it; gives its exit code, stdout and stderr. It has no input and "
                     "no terminal. Past timeout_s it goes on in the background (see read_process). Output beyond 30000 "
                     "characters is clipped in the middle and kept whole in a file, which read_file and search_files "
                     "can read.",
                     {command, cwd, {"timeout_s", "number", "Seconds to wait, more than 0; 120 when left out", false}},
                     runs),
       [world](const ToolScope& scope) { return execute_command(world, scope); }},
      {"commands",
       describe_tool("execute_command_async",
                     "Start a shell command in the background, such as a server, and return at once with its "
                     "process_id for read_process, write_process and kill_process.",
                     {command, cwd}, runs),
       [world](const ToolScope& scope) { return execute_command_async(world, scope); }},
      {"commands",
       describe_tool("read_process",
                     "State and exit code of a background command, and what it wrote since the last read.",
                     {process_id,
                      {"wait_s", "number", "Wait so many seconds for output or the end; 0 when left out", false, 0},
                      {"all", "boolean", "Show the output from its start, not only what is new", false}},
                     polls),
       [world](const ToolScope& scope) { return read_process(world, scope); }},
      {"commands",
       describe_tool("write_process", "Write to the standard input of a command of execute_command_async.",
                     {process_id,
                      {"input", "string", "Text, with its line end if it needs one"},
                      {"close", "boolean", "Close the input after it: the command reads its end", false}},
                     runs),
       [world](const ToolScope& scope) { return write_process(world, scope); }},
  };
}

}  // namespace ottobot::sandboxd
