// `ottobot chat`: talk to the agent of a session.

#include <unistd.h>

#include <csignal>
#include <memory>

#include "chat/conversation.hpp"
#include "commands.hpp"

namespace ottobot::cli {
namespace {

constexpr const char* kHelp = R"(Examples:
  ottobot chat                                  the first line makes a session
  ottobot chat V1StGXR8_Z5jdHi6B-myT            goes on with one, after a look at its last events
  ottobot chat --url https://ottobot.example.com
  echo "Add a dark mode" | ottobot chat ID      a prompt per line; ends when all are answered
  echo "Write a haiku" | ottobot chat --json | jq -r 'select(.type == "agent_response").content'

Prompts that are typed while a turn runs are answered after it, in order.
Ctrl-C stops the running turn, a second one leaves, as Ctrl-D does; the session
goes on. A lost connection is made again, and nothing is lost or shown twice.
Exit status of a pipe: 0 all turns completed, 1 one did not, 2 wrong usage.)";

struct ChatArguments {
  SettingFlags flags;
  std::string id, model;
  bool as_json = false;
};

// Before any thread is made, so that they are read by nobody but the conversation.
void block_interrupts() {
  sigset_t signals;
  ::sigemptyset(&signals);
  ::sigaddset(&signals, SIGINT);
  ::sigaddset(&signals, SIGTERM);
  ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
}

int chat_command(const ChatArguments& arguments) {
  block_interrupts();
  const auto client = ServerClient::make(arguments.flags);
  if (!client) return report(client.error());
  chat::ConversationOptions options;
  options.session_id = arguments.id;
  options.model = arguments.model;
  options.as_json = arguments.as_json;
  const bool on_terminal = ::isatty(STDOUT_FILENO) == 1;
  options.colour = on_terminal && !arguments.as_json;
  options.interactive = on_terminal && !arguments.as_json && ::isatty(STDIN_FILENO) == 1;
  auto input = chat::make_pipe_input();
  if (options.interactive) {
    auto terminal = chat::make_terminal_input();
    if (!terminal) return report(terminal.error());
    input = std::move(*terminal);
  }
  return chat::Conversation(*client, *input, std::move(options)).run();
}

}  // namespace

Run add_chat(CLI::App& app) {
  auto* command = app.add_subcommand("chat", "talk to the agent of a session, an old or a new one");
  command->footer(kHelp);
  auto arguments = std::make_shared<ChatArguments>();
  command->add_option("id", arguments->id, "the session (default: a new one)")->type_name("ID");
  command->add_option("--model", arguments->model, "of a new session, as PROVIDER:MODEL")->type_name("MODEL");
  command->add_flag("--json", arguments->as_json, "the frames as JSON, one per line; notes go to stderr");
  add_server_flags(*command, arguments->flags);
  return [arguments] { return chat_command(*arguments); };
}

}  // namespace ottobot::cli
