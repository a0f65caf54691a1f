// `ottobot rm`: ends sessions for good.

#include <unistd.h>

#include <iostream>
#include <memory>

#include "commands.hpp"
#include "interrupts.hpp"
#include "server_client.hpp"

namespace ottobot::cli {
namespace {

constexpr std::chrono::seconds kCall{30};

constexpr const char* kHelp = R"(Examples:
  ottobot rm V1StGXR8_Z5jdHi6B-myT
  ottobot rm --yes ID1 ID2
  ottobot sessions --json | jq -r '.sessions[].session_id' | xargs ottobot rm

The sandbox is gone within seconds; log and project can be read and downloaded
until the server's retention ends. On a terminal it asks first, unless --yes.)";

struct RmArguments {
  SettingFlags flags;
  std::vector<std::string> ids;
  bool yes = false;
};

bool confirmed(const RmArguments& arguments) {
  if (arguments.yes || ::isatty(STDIN_FILENO) == 0) return true;
  std::cerr << "End " << arguments.ids.size() << (arguments.ids.size() == 1 ? " session" : " sessions")
            << " for good? [y/N] " << std::flush;
  std::string answer;
  std::getline(std::cin, answer);
  return answer == "y" || answer == "Y" || answer == "yes";
}

Result<void> remove(const ServerClient& client, const std::string& id, const CallContext& ctx) {
  auto path = session_path(id);
  if (!path) return fail(path.error());
  auto removed = client.send("DELETE", *path, nullptr, ctx);
  if (!removed) return fail(removed.error(), id);
  return {};
}

int rm(const RmArguments& arguments) {
  const auto client = ServerClient::make(arguments.flags);
  if (!client) return report(client.error());
  if (!confirmed(arguments)) return kExitError;
  const Interrupts interrupts;
  int status = kExitOk;
  for (const auto& id : arguments.ids) {
    const auto ctx = with_timeout(kCall).with_stop(interrupts.token());
    auto removed = remove(*client, id, ctx);
    if (removed) {
      std::cout << id << "\n";
      continue;
    }
    status = report(removed.error());
    // The others would fare no better.
    if (removed.error().code == ErrorCode::unavailable || removed.error().code == ErrorCode::cancelled) break;
  }
  return status;
}

}  // namespace

Run add_rm(CLI::App& app) {
  auto* command = app.add_subcommand("rm", "end sessions of a running server for good");
  command->footer(kHelp);
  auto arguments = std::make_shared<RmArguments>();
  command->add_option("id", arguments->ids, "the sessions")->required()->type_name("ID");
  command->add_flag("--yes,-y", arguments->yes, "do not ask");
  add_server_flags(*command, arguments->flags);
  return [arguments] { return rm(*arguments); };
}

}  // namespace ottobot::cli
