// ottobot: the command line.

#include <algorithm>
#include <csignal>
#include <exception>
#include <iostream>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>

#include "command_line.hpp"
#include "commands.hpp"
#include "ottobot/nearest_name.hpp"
#include "service/version.hpp"

namespace {

using namespace ottobot::cli;

constexpr const char* kFooter = R"(Start here:
  ottobot doctor                              is everything there? what mends it?
  ottobot run "Write a tiny web page"         one session, no server, the project at the end
  ottobot serve                               the service, on http://127.0.0.1:3000

With a server running:
  ottobot chat                                talk to an agent; chat ID goes on with a session
  ottobot sessions
  ottobot logs ID --follow
  ottobot download ID -o shop                 the project, unpacked into the folder shop
  ottobot rm ID

With a service on Redis:
  ottobot queue                               who waits, and for which worker

ottobot COMMAND --help shows the options and examples of each.)";

struct Command {
  const char* name;
  Run (*add)(CLI::App& app);
};

constexpr Command kCommands[] = {
    {"run", add_run},       {"serve", add_serve},       {"chat", add_chat}, {"sessions", add_sessions},
    {"logs", add_logs},     {"download", add_download}, {"rm", add_rm},     {"models", add_models},
    {"doctor", add_doctor}, {"queue", add_queue},
};

// Empty when `word` is one, or no command at all.
std::string unknown_command(const std::string& word) {
  if (word.empty() || word.front() == '-') return {};
  std::vector<std::string> names;
  for (const auto& command : kCommands) names.emplace_back(command.name);
  if (std::find(names.begin(), names.end(), word) != names.end()) return {};
  const auto nearest = ottobot::nearest_name(word, names);
  return "there is no command \"" + word + "\"" +
         (nearest.empty() ? "; ottobot --help lists them" : "; did you mean ottobot " + nearest + "?");
}

// Of the word that no option takes, where it is nearly one of the command's.
std::string option_hint(const CLI::App& app) {
  const auto parsed = app.get_subcommands();
  const CLI::App* command = parsed.empty() ? &app : parsed.front();
  while (!command->get_subcommands().empty()) command = command->get_subcommands().front();
  std::vector<std::string> names;
  for (const auto* option : command->get_options()) {
    for (const auto& name : option->get_lnames()) names.push_back("--" + name);
  }
  for (const auto& word : app.remaining(true)) {
    const auto name = word.substr(0, word.find('='));
    const auto nearest = name.starts_with("--") ? ottobot::nearest_name(name, names) : std::string();
    if (!nearest.empty()) return "did you mean " + nearest + "?";
  }
  return {};
}

// "ottobot help", "ottobot help COMMAND" and "ottobot" alone as their --help.
std::vector<std::string> normalised(int argc, char** argv) {
  std::vector<std::string> words(argv + std::min(argc, 1), argv + argc);
  if (words.empty()) return {"--help"};
  if (words.front() != "help") return words;
  if (words.size() == 1) return {"--help"};
  return {words[1], "--help"};
}

int run(int argc, char** argv) {
  CLI::App app{"OttoBot: coding agents in sandboxes of their own, with a desktop to watch.", "ottobot"};
  app.set_version_flag("--version", std::string("ottobot ") + ottobot::service::version());
  app.require_subcommand(1);
  app.footer(kFooter);
  auto words = normalised(argc, argv);
  if (const auto problem = unknown_command(words.front()); !problem.empty()) {
    std::cerr << "error: " << problem << "\n";
    return kExitUsage;
  }
  std::vector<std::pair<std::string, Run>> commands;
  for (const auto& command : kCommands) commands.emplace_back(command.name, command.add(app));
  std::reverse(words.begin(), words.end());  // as CLI11 takes a vector
  try {
    app.parse(std::move(words));
  } catch (const CLI::ParseError& error) {
    const int status = app.exit(error);
    if (const auto hint = option_hint(app); status != 0 && !hint.empty()) std::cerr << "hint: " << hint << "\n";
    return status == 0 ? kExitOk : kExitUsage;
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
