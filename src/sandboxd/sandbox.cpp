#include "sandboxd/sandbox.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <climits>
#include <cstdlib>
#include <filesystem>

#include "sandboxd/http_reply.hpp"
#include "sandboxd/http_routes.hpp"

namespace ottobot::sandboxd {
namespace {

constexpr const char* kUsualRunFolder = "/run/ottobot";
constexpr const char* kDefaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
constexpr std::size_t kMaxSocketPath = 107;
// Calls wait on these threads; a busy agent has a few of them.
constexpr int kHandlerThreads = 64;

// A run folder belongs to one sandboxd at a time.
Result<net::UniqueFd> lock_folder(const std::string& folder) {
  if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) return errno_error(folder, errno);
  net::UniqueFd lock(::open((folder + "/lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!lock) return errno_error(folder, errno);
  if (::flock(lock.get(), LOCK_EX | LOCK_NB) != 0) return conflict("the run folder " + folder + " is in use");
  return lock;
}

struct RunFolder {
  std::string path;
  net::UniqueFd lock;
};

Result<RunFolder> take_run_folder(const std::string& wanted, const std::map<std::string, std::string>& environment) {
  if (!wanted.empty()) {
    auto lock = lock_folder(wanted);
    if (!lock) return fail(lock.error());
    return RunFolder{std::filesystem::absolute(wanted).lexically_normal().string(), std::move(*lock)};
  }
  if (auto lock = lock_folder(kUsualRunFolder)) return RunFolder{kUsualRunFolder, std::move(*lock)};
  auto folder = default_run_folder(environment);
  if (!folder) return fail(folder.error());
  auto lock = lock_folder(*folder);
  if (!lock) return fail(lock.error());
  return RunFolder{*folder, std::move(*lock)};
}

Result<net::ListenOptions> parse_listen(const std::string& listen) {
  net::ListenOptions options;
  if (listen.substr(0, 5) == "unix:") {
    std::string path = listen.substr(5);
    if (path.empty() || path.size() > kMaxSocketPath)
      return invalid_field("listen", "the socket path must have 1 to 107 bytes");
    options.address = listen;
    options.unix_mode = 0666;  // its folder and the token say who may call; the server may run under another uid
    return options;
  }
  std::size_t colon = listen.rfind(':');
  std::string_view port = colon == std::string::npos ? std::string_view{} : std::string_view(listen).substr(colon + 1);
  auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), options.port);
  bool valid = !port.empty() && error == std::errc{} && end == port.data() + port.size();
  if (!valid || colon == 0 || options.port < 0 || options.port > 65535) {
    return invalid_field("listen", "must be unix:PATH or HOST:PORT");
  }
  options.address = listen.substr(0, colon);
  if (options.address.front() == '[' && options.address.back() == ']') {
    options.address = options.address.substr(1, options.address.size() - 2);
  }
  return options;
}

// What commands see, with the gaps filled.
std::map<std::string, std::string> command_environment(const SandboxOptions& options) {
  auto environment = options.environment;
  environment.erase("OTTOBOT_SANDBOX_TOKEN");
  environment.emplace("PATH", kDefaultPath);
  environment.emplace("LANG", "C.UTF-8");
  environment["TERM"] = "xterm-256color";
  std::string& home = environment["HOME"];
  if (home.empty() || ::access(home.c_str(), W_OK) != 0) home = options.workspace;
  environment.erase("DISPLAY");
  return environment;
}

}  // namespace

Result<std::string> default_run_folder(const std::map<std::string, std::string>& environment) {
  auto tmp = environment.find("TMPDIR");
  std::string pattern = (tmp == environment.end() || tmp->second.empty() ? "/tmp" : tmp->second) + "/ottobot-XXXXXX";
  if (::mkdtemp(pattern.data()) == nullptr) return errno_error(pattern, errno);
  return pattern;
}

struct Sandbox::Parts {
  net::UniqueFd lock;
  std::unique_ptr<Desktop> desktop;
  std::unique_ptr<Toolset> toolset;
  std::unique_ptr<Routes> routes;
  std::unique_ptr<net::HttpServer> server;
  std::unique_ptr<net::Listener> listener;
  std::string address;
};

Sandbox::Sandbox(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

Sandbox::~Sandbox() {
  if (parts_->listener) {
    parts_->listener->stop_accepting();
    parts_->routes->end_sessions();
    parts_->listener.reset();
  }
  parts_->server.reset();
  parts_->routes.reset();
  parts_->toolset.reset();
}

const std::string& Sandbox::address() const { return parts_->address; }
int Sandbox::port() const { return parts_->listener ? parts_->listener->port() : 0; }
mcp::Server& Sandbox::tools() { return parts_->toolset->server(); }

Result<std::unique_ptr<Sandbox>> Sandbox::start(SandboxOptions options) {
  std::optional<net::ListenOptions> listen;
  if (!options.listen.empty()) {
    if (options.token.empty()) return invalid_field("OTTOBOT_SANDBOX_TOKEN", "must be set");
    auto parsed = parse_listen(options.listen);
    if (!parsed) return fail(parsed.error());
    listen = std::move(*parsed);
  }
  auto workspace = Workspace::open(options.workspace);
  if (!workspace) return fail(workspace.error());
  options.workspace = workspace->root();
  auto run = take_run_folder(options.run_folder, options.environment);
  if (!run) return fail(run.error());

  auto parts = std::make_unique<Parts>();
  parts->lock = std::move(run->lock);
  auto environment = command_environment(options);
  parts->desktop = std::make_unique<Desktop>(DesktopOptions{.mode = options.desktop,
                                                            .width = options.width,
                                                            .height = options.height,
                                                            .run_folder = run->path,
                                                            .workspace = options.workspace,
                                                            .console_file = run->path + "/console.log",
                                                            .own_program = options.own_program,
                                                            .environment = environment,
                                                            .logger = options.logger});
  if (!parts->desktop->display().empty()) environment["DISPLAY"] = parts->desktop->display();
  auto toolset = Toolset::make({.workspace = options.workspace,
                                .run_folder = run->path,
                                .groups = options.tools,
                                .environment = environment,
                                .desktop = parts->desktop.get(),
                                .version = options.version});
  if (!toolset) return fail(toolset.error());
  parts->toolset = std::move(*toolset);
  std::unique_ptr<Sandbox> sandbox(new Sandbox(std::move(parts)));
  if (listen) {
    if (auto open = sandbox->open_endpoint(std::move(*listen), options); !open) return fail(open.error());
  }
  return sandbox;
}

Result<void> Sandbox::open_endpoint(net::ListenOptions listen, const SandboxOptions& options) {
  Parts& parts = *parts_;
  parts.routes = std::make_unique<Routes>(RouteOptions{options.token, options.version}, *parts.toolset, *parts.desktop);
  net::HttpServerOptions server_options;
  server_options.handler_threads = kHandlerThreads;
  server_options.logger = options.logger;
  auto server = net::make_http_server(server_options);
  if (!server) return fail(server.error());
  parts.server = std::move(*server);
  listen.handler = [routes = parts.routes.get()](net::Exchange& exchange) { routes->handle(exchange); };
  listen.is_inline = Routes::is_inline;
  listen.is_quick = Routes::is_quick;
  listen.error_response = [](int status, const std::string& message) {
    Error error;
    error.message = message;
    return error_reply(status, error);
  };
  bool is_unix = listen.address.substr(0, 5) == "unix:";
  std::string host = listen.address;
  auto listener = parts.server->listen(std::move(listen));
  if (!listener) return fail(listener.error());
  parts.listener = std::move(*listener);
  parts.address = is_unix ? host : "http://" + host + ":" + std::to_string(parts.listener->port());
  return {};
}

}  // namespace ottobot::sandboxd
