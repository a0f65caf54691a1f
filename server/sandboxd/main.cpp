// ottobot-sandboxd: the tools and the desktop of one sandbox, behind one endpoint.
#include <fcntl.h>
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
#include <thread>

#include <CLI/CLI.hpp>

#include "containers/common/errands.hpp"
#include "init.hpp"
#include "mcp/transports/stdio_server_transport.hpp"
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
  bool stdio = false;
  std::string follow;
  containers::Errands errands;
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
  app.add_flag("--stdio", line.stdio, "Speak MCP on standard input and output instead of listening; needs no token")
      ->excludes(listen);
  app.add_option("--desktop", line.options.desktop, "auto (on demand), on or off")
      ->transform(CLI::CheckedTransformer(modes));
  app.add_option("--geometry", geometry, "Size of the desktop")->capture_default_str();
  app.add_option("--tools", line.options.tools,
                 "Groups of tools: files, commands, processes, gui, windows, editor; all when left out")
      ->delimiter(',');
  app.add_option("--run-dir", line.options.run_folder,
                 "Folder for sockets and outputs; /run/ottobot if it can be written");
  app.add_option("--follow", line.follow, "Show a growing file (used by the console window)")
      ->excludes(workspace)
      ->excludes(listen);
  auto* block = app.add_option("--block-networks", line.errands.blocked,
                               "Keep the network namespace from these IPv4 networks and from IPv6, and end; needs "
                               "CAP_NET_ADMIN")
                    ->delimiter(',')
                    ->excludes(workspace)
                    ->excludes(listen);
  app.add_flag("--pass-replies", line.errands.replies_pass, "Replies to connections from outside pass all the same")
      ->needs(block);
  app.add_option("--give", line.errands.gift, "PATH UID GID: give a folder to a user, and end; needs CAP_CHOWN")
      ->expected(3)
      ->excludes(workspace)
      ->excludes(listen);
  app.add_option("--install", line.errands.install_to, "Put a copy of this program into a folder, and end")
      ->excludes(workspace)
      ->excludes(listen);
  app.add_flag("--show-addresses", line.errands.shows_addresses,
               "Print the IPv4 addresses of the network namespace, and end")
      ->excludes(workspace)
      ->excludes(listen);
  try {
    app.parse(argc, argv);
    if (line.follow.empty() && line.errands.empty() &&
        (line.options.workspace.empty() || (line.options.listen.empty() && !line.stdio))) {
      throw CLI::RequiredError("--workspace and one of --listen and --stdio");
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

// Stops its source at SIGTERM or SIGINT, which must be blocked.
class EndSignal {
 public:
  explicit EndSignal(const sigset_t& signals)
      : thread_([this, signals] {
          wait_for_end(signals);
          stop_.request_stop();
        }) {}
  ~EndSignal() {
    ::pthread_kill(thread_.native_handle(), SIGTERM);
    thread_.join();
  }
  EndSignal(const EndSignal&) = delete;
  EndSignal& operator=(const EndSignal&) = delete;
  std::stop_token token() const { return stop_.get_token(); }

 private:
  std::stop_source stop_;
  std::thread thread_;
};

// Takes a standard stream for ourselves: what else uses it gets `replacement`.
int take_stream(int stream, int replacement) {
  const int own = ::fcntl(stream, F_DUPFD_CLOEXEC, 3);
  ::dup2(replacement, stream);
  return own;
}

// Nothing but MCP may stand on standard output, and nobody else may read our input.
Result<void> serve_streams(Sandbox& sandbox, const sigset_t& signals) {
  const int nothing = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  mcp::StdioServerOptions options;
  options.in_fd = take_stream(STDIN_FILENO, nothing);
  options.out_fd = take_stream(STDOUT_FILENO, STDERR_FILENO);
  const EndSignal end(signals);
  CallContext ctx;
  ctx.stop = end.token();
  return mcp::serve_stdio(sandbox.tools(), options, ctx);
}

int complain(const Error& error) {
  std::fprintf(stderr, "ottobot-sandboxd: %s\n", error.to_string().c_str());
  return 1;
}

int serve(SandboxOptions options, bool stdio) {
  options.token = take_token();
  // Others of this uid (the agent's commands) must not look into our memory.
  ::prctl(PR_SET_DUMPABLE, 0);
  become_init_if_first();
  ::mallopt(M_ARENA_MAX, 2);
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);  // a write past the largest file is EFBIG
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
  if (!sandbox) return complain(sandbox.error());
  if (stdio) {
    const auto served = serve_streams(**sandbox, signals);
    return served ? 0 : complain(served.error());
  }
  std::printf("ottobot-sandboxd listening on %s\n", (*sandbox)->address().c_str());
  std::fflush(stdout);
  wait_for_end(signals);
  return 0;
}

int run(const containers::Errands& errands) {
  const auto done = containers::run_errands(errands);
  return done ? 0 : complain(done.error());
}

}  // namespace
}  // namespace ottobot::sandboxd

int main(int argc, char** argv) {
  using namespace ottobot::sandboxd;
  CommandLine line;
  if (auto code = parse(argc, argv, line)) return *code;
  if (!line.errands.empty()) return run(line.errands);
  if (line.follow.empty()) return serve(std::move(line.options), line.stdio);
  follow_file(line.follow, STDOUT_FILENO);
  return 0;
}
