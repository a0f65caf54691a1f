// ottobot: the command line.

#include <csignal>
#include <exception>
#include <iostream>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>

#include "command_line.hpp"
#include "commands.hpp"
#include "service/version.hpp"

namespace {

using namespace ottobot::cli;

int run(int argc, char** argv) {
  CLI::App app{"OttoBot: coding agents in sandboxes of their own, with a desktop to watch."};
  app.set_version_flag("--version", std::string("ottobot ") + ottobot::service::version());
  app.require_subcommand(1);
  app.footer("Start with:\n  ottobot doctor\n  ottobot run \"Write a tiny web page\"\n  ottobot serve");
  std::vector<std::pair<std::string, Run>> commands;
  commands.emplace_back("serve", add_serve(app));
  commands.emplace_back("run", add_run(app));
  commands.emplace_back("doctor", add_doctor(app));
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? kExitOk : kExitUsage;
  }
  for (const auto& [name, command] : commands) {
    if (app.got_subcommand(name)) return command();
  }
  return kExitUsage;
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  try {
    return run(argc, argv);
  } catch (const std::exception& error) {
    std::cerr << "error: " << error.what() << "\n";
    return kExitError;
  }
}
