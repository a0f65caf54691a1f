// ottobot-sandboxd: the tools and the desktop of one sandbox, behind one endpoint.
#include <malloc.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <climits>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include <CLI/CLI.hpp>

#include "init.hpp"
#include "sandboxd/console.hpp"
#include "sandboxd/sandbox.hpp"

extern char** environ;

namespace ottobot::sandboxd {
namespace {

class StderrLogger final : public Logger {
 public:
  void write(LogLevel, std::string_view message, const Json& fields) override {
    std::string line = "ottobot-sandboxd: " + std::string(message);
    if (!fields.is_null()) line += " " + dump_json(fields);
    line += '\n';
    std::fwrite(line.data(), 1, line.size(), stderr);
  }
  bool enabled(LogLevel level) const override { return level >= LogLevel::info; }
};

// The token, which then stands neither in our environment nor in the memory that /proc/PID/environ shows.
std::string take_token() {
  char* value = ::getenv("OTTOBOT_SANDBOX_TOKEN");
  if (value == nullptr) return {};
  std::string token = value;
  ::explicit_bzero(value, std::strlen(value));
  ::unsetenv("OTTOBOT_SANDBOX_TOKEN");
  return token;
}

std::map<std::string, std::string> read_environment() {
  std::map<std::string, std::string> environment;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    std::string_view text = *entry;
    std::size_t equals = text.find('=');
    if (equals != std::string_view::npos && equals > 0)
      environment.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return environment;
}

std::string own_program() {
  std::array<char, PATH_MAX> path{};
  ssize_t length = ::readlink("/proc/self/exe", path.data(), path.size());
  return length > 0 ? std::string(path.data(), static_cast<std::size_t>(length)) : "ottobot-sandboxd";
}

struct CommandLine {
  SandboxOptions options;
  std::string follow;
};

// Returns the exit code when the program is to end at once.
std::optional<int> parse(int argc, char** argv, CommandLine& line) {
  CLI::App app("Tools and desktop of one sandbox, behind one endpoint", "ottobot-sandboxd");
  std::string geometry = "1920x1080";
  std::map<std::string, DesktopMode> modes{
      {"auto", DesktopMode::automatic}, {"on", DesktopMode::on}, {"off", DesktopMode::off}};
  app.set_version_flag("--version", OTTOBOT_VERSION);
  auto* workspace = app.add_option("--workspace", line.options.workspace, "Folder that the agent works in");
  auto* listen = app.add_option("--listen", line.options.listen, "unix:PATH or HOST:PORT");
  app.add_option("--desktop", line.options.desktop, "auto (on demand), on or off")
      ->transform(CLI::CheckedTransformer(modes));
  app.add_option("--geometry", geometry, "Size of the desktop")->capture_default_str();
  app.add_option("--tools", line.options.tools, "Groups of tools: files, commands, processes; all when left out")
      ->delimiter(',');
  app.add_option("--run-dir", line.options.run_folder,
                 "Folder for sockets and outputs; /run/ottobot if it can be written");
  app.add_option("--follow", line.follow, "Show a growing file (used by the console window)")
      ->excludes(workspace)
      ->excludes(listen);
  try {
    app.parse(argc, argv);
    if (line.follow.empty() && (line.options.workspace.empty() || line.options.listen.empty())) {
      throw CLI::RequiredError("--workspace and --listen");
    }
    int& width = line.options.width;
    int& height = line.options.height;
    if (std::sscanf(geometry.c_str(), "%dx%d", &width, &height) != 2 || width < 320 || height < 240 || width > 7680 ||
        height > 4320) {
      throw CLI::ValidationError("--geometry", "must be WIDTHxHEIGHT, from 320x240 to 7680x4320");
    }
  } catch (const CLI::ParseError& error) {
    return app.exit(error);
  }
  return std::nullopt;
}

// Blocks until SIGTERM or SIGINT.
void wait_for_end(const sigset_t& signals) {
  int number = 0;
  while (::sigwait(&signals, &number) != 0) {
  }
}

int serve(SandboxOptions options) {
  options.token = take_token();
  // Others of this uid (the agent's commands) must not look into our memory.
  ::prctl(PR_SET_DUMPABLE, 0);
  become_init_if_first();
  ::mallopt(M_ARENA_MAX, 2);
  std::signal(SIGPIPE, SIG_IGN);
  sigset_t signals;
  ::sigemptyset(&signals);
  for (int number : {SIGTERM, SIGINT}) ::sigaddset(&signals, number);
  ::sigprocmask(SIG_BLOCK, &signals, nullptr);  // before any thread

  StderrLogger logger;
  options.environment = read_environment();
  options.own_program = own_program();
  options.version = OTTOBOT_VERSION;
  options.logger = &logger;
  auto sandbox = Sandbox::start(std::move(options));
  if (!sandbox) {
    std::fprintf(stderr, "ottobot-sandboxd: %s\n", sandbox.error().to_string().c_str());
    return 1;
  }
  std::printf("ottobot-sandboxd listening on %s\n", (*sandbox)->address().c_str());
  std::fflush(stdout);
  wait_for_end(signals);
  return 0;
}

}  // namespace
}  // namespace ottobot::sandboxd

int main(int argc, char** argv) {
  using namespace ottobot::sandboxd;
  CommandLine line;
  if (auto code = parse(argc, argv, line)) return *code;
  if (line.follow.empty()) return serve(std::move(line.options));
  follow_file(line.follow, STDOUT_FILENO);
  return 0;
}
