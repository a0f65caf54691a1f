// `ottobot sessions`: the sessions of a running server as a table.

#include <time.h>

#include <iostream>
#include <memory>
#include <optional>

#include "commands.hpp"
#include "interrupts.hpp"
#include "ottobot/clock.hpp"
#include "server_client.hpp"
#include "text_table.hpp"

namespace ottobot::cli {
namespace {

constexpr std::chrono::seconds kCall{30};
constexpr std::size_t kPromptWidth = 48;

constexpr const char* kHelp = R"(Examples:
  ottobot sessions                          the 20 newest, with status, age and first prompt
  ottobot sessions --limit 100 --offset 100
  ottobot sessions --json | jq -r '.sessions[].session_id'
  ottobot sessions --url https://ottobot.example.com)";

struct SessionsArguments {
  SettingFlags flags;
  int limit = 20, offset = 0;
  bool as_json = false;
};

// "2025-07-03T10:00:00.000Z", as seconds since 1970.
std::optional<std::int64_t> parse_utc(const std::string& text) {
  std::tm parts{};
  if (::strptime(text.c_str(), "%Y-%m-%dT%H:%M:%S", &parts) == nullptr) return std::nullopt;
  return ::timegm(&parts);
}

std::string since(const Json& session, const char* member, int direction) {
  const auto time = parse_utc(get_string(session, member));
  if (!time) return "-";
  return rough_duration(direction * (*time - system_clock().now_ms() / 1000));
}

TableRow row_of(const Json& session) {
  const auto status = get_string(session, "status"), phase = get_string(session, "phase");
  const bool over = status == "terminated" || status == "terminating";
  return {get_string(session, "session_id"),
          phase.empty() || phase == status ? status : status + "/" + phase,
          get_string(session, "model", "-"),
          since(session, "created_at", -1),
          over ? "-" : since(session, "expires_at", 1),
          ellipsis(get_string(session, "initial_prompt"), kPromptWidth)};
}

// The list has neither model nor phase. A session that went away in between keeps what the list said.
Json with_details(const ServerClient& client, const Json& session, const CallContext& ctx) {
  auto details = client.get("/session/" + get_string(session, "session_id"), ctx);
  return details ? std::move(*details) : session;
}

int sessions(const SessionsArguments& arguments) {
  const Interrupts interrupts;
  const auto ctx = with_timeout(kCall).with_stop(interrupts.token());
  const auto client = ServerClient::make(arguments.flags);
  if (!client) return report(client.error());
  auto page = client->get(
      "/session?limit=" + std::to_string(arguments.limit) + "&offset=" + std::to_string(arguments.offset), ctx);
  if (!page) return report(page.error());
  if (arguments.as_json) {
    std::cout << dump_json(*page) << "\n";
    return kExitOk;
  }
  std::vector<TableRow> rows;
  const Json* list = find_member(*page, "sessions");
  if (list != nullptr && list->is_array()) {
    for (const Json& session : *list) rows.push_back(row_of(with_details(*client, session, ctx)));
  }
  if (auto live = ctx.check(); !live) return report(live.error());
  print_table(std::cout, {"ID", "STATUS", "MODEL", "AGE", "EXPIRES IN", "PROMPT"}, rows);
  const auto total = get_int(*page, "total");
  const auto shown_to = arguments.offset + static_cast<std::int64_t>(rows.size());
  if (total > shown_to) {
    std::cerr << total - shown_to << " more: ottobot sessions --offset " << shown_to << "\n";
  }
  return kExitOk;
}

}  // namespace

Run add_sessions(CLI::App& app) {
  auto* command = app.add_subcommand("sessions", "list the sessions of a running server");
  command->footer(kHelp);
  auto arguments = std::make_shared<SessionsArguments>();
  command->add_option("--limit", arguments->limit, "how many, 1 to 100 (default 20)")->check(CLI::Range(1, 100));
  command->add_option("--offset", arguments->offset, "how many of the newest to leave out")
      ->check(CLI::NonNegativeNumber);
  command->add_flag("--json", arguments->as_json, "what the server answers, as JSON");
  add_server_flags(*command, arguments->flags);
  return [arguments] { return sessions(*arguments); };
}

}  // namespace ottobot::cli
