// `ottobot logs`: what happened in a session, line by line, and as it goes on.

#include <algorithm>
#include <deque>
#include <iostream>
#include <memory>

#include "commands.hpp"
#include "interrupts.hpp"
#include "log_follower.hpp"
#include "server_client.hpp"
#include "terminal_text.hpp"

namespace ottobot::cli {
namespace {

constexpr std::chrono::seconds kCall{30};

constexpr const char* kHelp = R"(Examples:
  ottobot logs V1StGXR8_Z5jdHi6B-myT
  ottobot logs ID --limit 1000
  ottobot logs ID --follow              and what comes, until Ctrl-C or the session's end
  ottobot logs ID --json | jq -r 'select(.level == "error").message'

With --json each line is an object: timestamp, level, message, metadata?.)";

struct LogsArguments {
  SettingFlags flags;
  std::string id;
  int limit = 100;
  bool follow = false, as_json = false;
};

void print_line(const Json& line, bool as_json) {
  if (as_json) {
    std::cout << dump_json(line) << std::endl;
    return;
  }
  std::string level = single_line(get_string(line, "level"));
  level.resize(std::max<std::size_t>(level.size(), 5), ' ');
  std::cout << single_line(get_string(line, "timestamp")) << " " << level << " "
            << single_line(get_string(line, "message")) << std::endl;
}

Result<void> print_last(const ServerClient& client, const LogsArguments& arguments, const CallContext& ctx) {
  auto path = session_path(arguments.id);
  if (!path) return fail(path.error());
  auto page = client.get(*path + "/logs?limit=" + std::to_string(arguments.limit), ctx.within(kCall));
  if (!page) return fail(page.error());
  const Json* lines = find_member(*page, "logs");
  if (lines == nullptr || !lines->is_array()) return internal_error("the server's answer has no logs");
  for (const Json& line : *lines) print_line(line, arguments.as_json);
  return {};
}

Result<void> follow(const ServerClient& client, const LogsArguments& arguments, const CallContext& ctx) {
  LogFollower follower(client, arguments.id);
  auto last = follower.last_lines(static_cast<std::size_t>(arguments.limit), ctx);
  if (!last) return fail(last.error());
  for (const Json& line : *last) print_line(line, arguments.as_json);
  return follower.follow([&](const Json& line) { print_line(line, arguments.as_json); }, ctx);
}

int logs(const LogsArguments& arguments) {
  const Interrupts interrupts;
  const auto ctx = CallContext{}.with_stop(interrupts.token());
  const auto client = ServerClient::make(arguments.flags);
  if (!client) return report(client.error());
  const auto done = arguments.follow ? follow(*client, arguments, ctx) : print_last(*client, arguments, ctx);
  if (done) return kExitOk;
  return done.error().code == ErrorCode::cancelled ? kExitInterrupted : report(done.error());
}

}  // namespace

Run add_logs(CLI::App& app) {
  auto* command = app.add_subcommand("logs", "show the log of a session");
  command->footer(kHelp);
  auto arguments = std::make_shared<LogsArguments>();
  command->add_option("id", arguments->id, "the session")->required()->type_name("ID");
  command->add_option("--limit,-n", arguments->limit, "how many of the last lines, 1 to 1000 (default 100)")
      ->check(CLI::Range(1, 1000));
  command->add_flag("--follow,-f", arguments->follow, "go on with what comes");
  command->add_flag("--json", arguments->as_json, "one JSON object per line");
  add_server_flags(*command, arguments->flags);
  return [arguments] { return logs(*arguments); };
}

}  // namespace ottobot::cli
