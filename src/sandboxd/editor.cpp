#include "sandboxd/editor.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cctype>
#include <set>

#include "net/process/unix_socket.hpp"
#include "ottobot/clock.hpp"
#include "sandboxd/shell_word.hpp"
#include "sandboxd/window_json.hpp"
#include "x11/window_actions.hpp"

namespace ottobot::sandboxd {
namespace {

using std::chrono::milliseconds;

constexpr std::chrono::seconds kServerPatience{60};
constexpr std::chrono::seconds kWindowPatience{45};
constexpr milliseconds kPoll{50};
constexpr milliseconds kAnswerPatience{2000};
constexpr milliseconds kOutputPatience{500};
constexpr std::size_t kSaidBytes = 1000;
constexpr const char* kLoopback = "127.0.0.1";
// What code-server begins with, where nobody has set anything yet: it looks like the desktop, and asks no server for
// anything.
constexpr const char* kSettings = R"({
  "workbench.colorTheme": "Default Dark Modern",
  "workbench.startupEditor": "none",
  "workbench.secondarySideBar.defaultVisibility": "hidden",
  "chat.disableAIFeatures": true,
  "extensions.autoCheckUpdates": false,
  "telemetry.telemetryLevel": "off"
})";

// RFC 3986: everything but unreserved characters and '/'.
std::string percent_encoded(const std::string& text) {
  constexpr const char* kDigits = "0123456789ABCDEF";
  std::string encoded;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) != 0 || std::string_view("-._~/").find(c) != std::string_view::npos) {
      encoded += c;
    } else {
      encoded += {'%', kDigits[byte >> 4U], kDigits[byte & 0xFU]};
    }
  }
  return encoded;
}

// The program's path; empty if there is none.
std::string first_installed(const std::string& path, std::initializer_list<const char*> names) {
  for (const char* name : names) {
    for (std::size_t begin = 0; begin <= path.size();) {
      const std::size_t end = std::min(path.find(':', begin), path.size());
      const std::string file = path.substr(begin, end - begin) + "/" + name;
      if (end > begin && ::access(file.c_str(), X_OK) == 0) return file;
      begin = end + 1;
    }
  }
  return {};
}

Result<int> free_port() {
  net::UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  if (!fd || ::bind(fd.get(), generic, size) != 0 || ::getsockname(fd.get(), generic, &size) != 0)
    return errno_error("a free port", errno);
  return ntohs(address.sin_port);
}

// True when code-server says that it is up. Its health page needs no session.
bool answers(int port, const CallContext& ctx) {
  auto socket = net::connect_tcp(kLoopback, port, ctx);
  if (!socket) return false;
  const std::string request = "GET /healthz HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n";
  if (::send(socket->get(), request.data(), request.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(request.size()))
    return false;
  pollfd event{socket->get(), POLLIN, 0};
  if (::poll(&event, 1, static_cast<int>(kAnswerPatience.count())) <= 0) return false;
  std::string head(16, '\0');
  const ssize_t got = ::recv(socket->get(), head.data(), head.size(), 0);
  return got > 12 && head.starts_with("HTTP/1.") && head.substr(9, 3) == "200";
}

std::string what_it_said(ManagedProcess& process) {
  if (!process.running()) process.wait_output_end(with_timeout(kOutputPatience));
  const auto output = process.look(ManagedProcess::Since::start).output;
  const std::string& text = output.err.empty() ? output.out : output.err;
  if (text.empty()) return "it said nothing";
  return "it said: " + to_valid_utf8(text.substr(text.size() - std::min(text.size(), kSaidBytes)));
}

mcp::CallToolResult opened(const x11::Window& window, const std::string& url, int port) {
  std::string text = "VS Code opens in " + to_line(window);
  if (port != 0) text += "; code-server listens on port " + std::to_string(port) + " of the loopback";
  mcp::CallToolResult result = mcp::text_result(text);
  result.structured = {{"window", to_json(window)}};
  if (port != 0) result.structured.update({{"url", url}, {"port", port}});
  return result;
}

}  // namespace

std::string code_server_url(int port, const EditorTarget& target) {
  const std::string host = std::string(kLoopback) + ":" + std::to_string(port);
  std::string url = "http://" + host + "/?folder=" + percent_encoded(target.folder);
  if (target.file.empty()) return url;
  const Json payload = Json::array({Json::array({"openFile", "vscode-remote://" + host + target.file})});
  return url + "&payload=" + percent_encoded(dump_json(payload));
}

std::string Editor::installed(std::initializer_list<const char*> names) const {
  const auto path = environment_.find("PATH");
  return path == environment_.end() ? std::string() : first_installed(path->second, names);
}

Result<Editor::Server> Editor::start_server(const CallContext& ctx) {
  auto port = free_port();
  if (!port) return fail(port.error());
  const std::string command =
      "settings=\"$HOME/.local/share/code-server/User/settings.json\"; mkdir -p \"${settings%/*}\"; "
      "[ -e \"$settings\" ] || echo " +
      shell_word(kSettings) + " >\"$settings\"; exec " + shell_word(installed({"code-server"})) +
      " --bind-addr 127.0.0.1:" + std::to_string(*port) +
      " --auth none --disable-telemetry --disable-update-check --disable-workspace-trust "
      "--disable-getting-started-override";
  auto process = processes_.start({command, "/", false});
  if (!process) return fail(process.error());
  const CallContext limited = ctx.within(kServerPatience);
  while (!answers(*port, limited)) {
    if (!(*process)->running()) return unavailable("code-server ended; " + what_it_said(**process));
    if (system_clock().sleep_for(kPoll, limited)) continue;
    processes_.terminate(**process);
    if (auto alive = ctx.check(); !alive) return fail(alive.error());
    return unavailable("code-server does not answer; " + what_it_said(**process), "it needs 1.5 GiB of memory");
  }
  return Server{*process, *port};
}

Result<Editor::Server> Editor::running_server(const CallContext& ctx) {
  if (server_ && server_->process->running()) return *server_;
  auto started = start_server(ctx);
  if (!started) return fail(started.error());
  server_ = *started;
  return *started;
}

Result<Editor::Launch> Editor::plan_launch(const EditorTarget& target, const CallContext& ctx) {
  const std::string chromium = installed({"chromium", "chromium-browser", "google-chrome"});
  const std::string browser = chromium.empty() ? installed({"firefox-esr", "firefox"}) : chromium;
  const bool has_server = !installed({"code-server"}).empty();
  if (has_server && !browser.empty()) {
    auto server = running_server(ctx);
    if (!server) return fail(server.error());
    const std::string url = code_server_url(server->port, target);
    // Chromium's own sandbox needs rights that ours has taken away; ours stands.
    const std::string options =
        chromium.empty()
            ? " --new-window "
            : " --no-sandbox --test-type --no-first-run --no-default-browser-check --disable-dev-shm-usage "
              "--password-store=basic --start-maximized --user-data-dir=\"$HOME/.config/ottobot-editor\" --app=";
    return Launch{"exec " + shell_word(browser) + options + shell_word(url), url, server->port};
  }
  if (const std::string code = installed({"code"}); !code.empty()) {
    return Launch{"exec " + shell_word(code) + " --new-window " + shell_word(target.folder) +
                  (target.file.empty() ? "" : " " + shell_word(target.file))};
  }
  if (has_server) {
    return unsupported("code-server is there, but no browser that could show it: chromium or firefox is missing",
                       "use an image with VS Code, such as ide, or install chromium");
  }
  return unsupported("VS Code is missing in this sandbox: neither code-server nor code is installed",
                     "use an image with it, such as ide; read_file and edit_file work without");
}

Result<mcp::CallToolResult> Editor::open(const EditorTarget& target, const CallContext& ctx) {
  if (auto there = gui_.check(); !there) return fail(there.error());
  std::lock_guard lock(mutex_);
  auto launch = plan_launch(target, ctx);
  if (!launch) return fail(launch.error());
  std::set<xcb_window_t> before;
  auto listed = gui_.with_desktop(ctx, [&](Hands hands, const CallContext& limited) -> Result<mcp::CallToolResult> {
    auto windows = x11::list_windows(hands.connection, limited);
    if (!windows) return fail(windows.error());
    for (const x11::Window& window : *windows) before.insert(window.id);
    return mcp::CallToolResult{};
  });
  if (!listed) return listed;
  auto process = processes_.start({launch->command, target.folder, false});
  if (!process) return fail(process.error());
  const CallContext limited = ctx.within(kWindowPatience);
  for (;;) {
    auto shown = gui_.with_desktop(limited, [&](Hands hands, const CallContext& c) -> Result<mcp::CallToolResult> {
      auto windows = x11::list_windows(hands.connection, c);
      if (!windows) return fail(windows.error());
      const auto fresh = std::find_if(windows->begin(), windows->end(),
                                      [&](const x11::Window& window) { return !before.contains(window.id); });
      if (fresh == windows->end()) return mcp::CallToolResult{};
      auto front = x11::activate(hands.connection, fresh->id, c);
      if (!front) return fail(front.error());
      return opened(*front, launch->url, launch->port);
    });
    if (!shown || !shown->content.empty()) return shown;
    if (system_clock().sleep_for(kPoll, limited)) continue;
    if (auto alive = ctx.check(); !alive) return fail(alive.error());
    return unavailable("VS Code opened no window; " + what_it_said(**process), "a screenshot shows what is there");
  }
}

}  // namespace ottobot::sandboxd
