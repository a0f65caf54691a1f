// From the creation of a session to the answer of its first tool call: `ottobot serve` and a scripted model, nobody
// looking at the desktop. Beside it, in turn, a bare sandbox that runs ottobot-sandboxd, to which one connects and
// makes the same call. With the local backend that is a bubblewrap with the host's root, read-only, as one would type
// it, that runs as this user and has neither limits nor a way out; with docker a `docker run` of the same image on the
// engine's own network. The third in turn is a session of a server with one spare sandbox.
//
//   bench_cold_start [--runs 25] [--backend local|docker] [--image ottobot-agent:lean] [--programs DIR]
//
// Prints a table and, last, one JSON line.
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <array>
#include <cstdio>
#include <filesystem>
#include <thread>

#include "bench/http_load.hpp"
#include "bench/server_process.hpp"
#include "bench/support.hpp"

namespace ottobot::bench {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kNewsAge{1600};  // of what the metrics say about spares, at most
constexpr const char* kToken = "bench";
constexpr std::chrono::seconds kTimeout{30};
constexpr std::chrono::microseconds kConnectInterval{200};
constexpr std::chrono::milliseconds kSettle{50};

struct Options {
  int runs = 25;
  std::string backend = "local", image = "ottobot-agent:lean", programs;
};

double ms_since(Clock::time_point start) {
  return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

double wall_ms() {
  return std::chrono::duration<double, std::milli>(std::chrono::system_clock::now().time_since_epoch()).count();
}

// What a session says on its way, and what it is called here.
struct Milestone {
  const char *sign, *name;
};
constexpr Milestone kMilestones[] = {
    {"\"Starting the sandbox\"", "taken by the worker"},        {"\"starting the ", "workspace and cgroup made"},
    {"\"waiting for the sandbox's daemon\"", "sandbox set up"}, {"\"the sandbox is ready\"", "sandboxd answers"},
    {"\"model_call_started\"", "tools listed, turn begun"},     {"\"tool_result\"", "first call answered"}};

using Milestones = std::array<std::vector<double>, std::size(kMilestones)>;

// The events of a session up to its first tool result, one line each.
std::vector<std::string> follow(int port, const std::string& session) {
  const net::UniqueFd fd = must(connect_loopback(port));
  must(send_all(fd.get(), "GET /session/" + session +
                              "/events HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/event-stream\r\n\r\n"));
  std::vector<std::string> events;
  std::string line;
  const auto end = Clock::now() + kTimeout;
  for (std::array<char, 8192> buffer; Clock::now() < end;) {
    const ssize_t got = ::recv(fd.get(), buffer.data(), buffer.size(), 0);
    if (got <= 0) break;
    for (const char c : std::string_view(buffer.data(), static_cast<std::size_t>(got))) {
      if (c != '\n') {
        line += c;
        continue;
      }
      if (line.rfind("data:", 0) == 0) events.push_back(line.substr(5));
      if (line.find(R"("type":"tool_result")") != std::string::npos) return events;
      line.clear();
    }
  }
  give_up(unavailable("session " + session +
                      " called no tool; its last event: " + (events.empty() ? std::string("none") : events.back()))
              .value());
}

// Ends it, and waits until nothing of it is at work any more.
void remove_session(int port, const std::string& session) {
  const std::string path = "/session/" + session + " HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";
  must(ask_once(port, "DELETE " + path));
  const auto end = Clock::now() + kTimeout;
  while (must(ask_once(port, "GET " + path)).find(R"("terminated")") == std::string::npos) {
    if (Clock::now() > end) give_up(unavailable("session " + session + " does not end").value());
    std::this_thread::sleep_for(kSettle);
  }
}

double measure_session(int port, Milestones& milestones) {
  const auto start = Clock::now();
  const double created = wall_ms();
  const std::string session = create_session(port);
  const auto events = follow(port, session);
  const double took = ms_since(start);
  for (std::size_t n = 0; n < std::size(kMilestones); ++n) {
    for (const std::string& event : events) {
      if (event.find(kMilestones[n].sign) == std::string::npos) continue;
      const auto json = must(parse_json(event));
      milestones[n].push_back(static_cast<double>(get_int(json, "timestamp")) - created);
      break;
    }
  }
  remove_session(port, session);
  return took;
}

std::string post(const std::string& session, const std::string& body) {
  return "POST /mcp HTTP/1.1\r\nHost: sandbox\r\nContent-Type: application/json\r\n"
         "Accept: application/json, text/event-stream\r\nMCP-Protocol-Version: 2025-11-25\r\nAuthorization: Bearer " +
         std::string(kToken) + "\r\n" + (session.empty() ? "" : "MCP-Session-Id: " + session + "\r\n") +
         "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

net::UniqueFd connect_when_there(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  const auto end = Clock::now() + kTimeout;
  while (Clock::now() < end) {
    net::UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (::connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0) return fd;
    std::this_thread::sleep_for(kConnectInterval);
  }
  give_up(unavailable("sandboxd does not listen on " + path).value());
}

void call_a_tool(const std::string& socket) {
  const net::UniqueFd fd = connect_when_there(socket);
  const std::string hello = must(ask(
      fd.get(), post("", R"({"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25",)"
                         R"("capabilities":{},"clientInfo":{"name":"bench","version":"0"}}})")));
  const std::size_t at = hello.find("MCP-Session-Id: ");
  if (at == std::string::npos) give_up(internal_error("no session in " + hello).value());
  const std::string session = hello.substr(at + 16, hello.find("\r\n", at) - at - 16);
  const std::string reply =
      must(ask(fd.get(), post(session, R"({"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"write_file",)"
                                       R"("arguments":{"path":"package.json","content":"{}"}}})")));
  if (reply.find("Successfully wrote") == std::string::npos) give_up(internal_error("no file: " + reply).value());
}

constexpr const char* kWorkspace = "/workspace";
constexpr const char* kRun = "/run";

// A command line that runs a sandbox, the one that ends it where killing the first does not, and the socket on which
// its sandboxd listens.
struct BareSandbox {
  net::SpawnOptions command, end;
  std::string socket;
};

void add(net::SpawnOptions& command, std::initializer_list<std::string> words) {
  command.argv.insert(command.argv.end(), words.begin(), words.end());
}

BareSandbox bare_bubblewrap(const Options& options, const std::string& folder) {
  BareSandbox sandbox{{}, {}, folder + kRun + "/sandboxd.sock"};
  sandbox.command.env =
      std::map<std::string, std::string>{{"PATH", "/usr/bin:/bin"}, {"OTTOBOT_SANDBOX_TOKEN", kToken}};
  add(sandbox.command,
      {"bwrap", "--unshare-all", "--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc", "--tmpfs", "/tmp"});
  add(sandbox.command, {"--bind", folder, folder, "--die-with-parent", "--", options.programs + "/ottobot-sandboxd",
                        "--workspace", folder + kWorkspace, "--listen", "unix:" + sandbox.socket, "--desktop", "off"});
  return sandbox;
}

BareSandbox bare_container(const Options& options, const std::string& folder) {
  constexpr const char *kName = "ottobot-bench-bare", *kProgram = "/opt/ottobot/ottobot-sandboxd";
  BareSandbox sandbox{{}, {}, folder + kRun + "/sandboxd.sock"};
  add(sandbox.command, {"docker", "run", "--rm", "--name", kName, "--user", "0:0"});
  add(sandbox.command, {"--env", std::string("OTTOBOT_SANDBOX_TOKEN=") + kToken});
  add(sandbox.command, {"--volume", folder + kWorkspace + ":" + kWorkspace, "--volume", folder + kRun + ":" + kRun});
  add(sandbox.command,
      {"--volume", options.programs + "/ottobot-sandboxd:" + kProgram + ":ro", "--entrypoint", kProgram});
  add(sandbox.command,
      {options.image, "--workspace", kWorkspace, "--listen", "unix:/run/sandboxd.sock", "--desktop", "off"});
  add(sandbox.end, {"docker", "rm", "--force", kName});
  return sandbox;
}

double measure_bare(const Options& options) {
  const ScratchFolder folder("bare");
  for (const char* name : {kWorkspace, kRun}) fs::create_directories(folder.path() + name);
  BareSandbox sandbox =
      options.backend == "docker" ? bare_container(options, folder.path()) : bare_bubblewrap(options, folder.path());
  sandbox.command.die_with_parent = true;
  const auto start = Clock::now();
  auto process = must(net::spawn(sandbox.command));
  call_a_tool(sandbox.socket);
  const double took = ms_since(start);
  if (!sandbox.end.argv.empty()) must(net::run(sandbox.end, with_timeout(kTimeout)));
  process.kill_group();
  must(process.wait(with_timeout(kTimeout)));
  return took;
}

std::unique_ptr<ServerProcess> start_server(const Options& options, const std::string& data_dir, int spares) {
  return must(
      ServerProcess::start({"ottobot",
                            {"env", "WARM_POOL_SIZE=" + std::to_string(spares), "AGENT_IMAGE=" + options.image,
                             options.programs + "/ottobot", "serve", "--port", "0", "--backend", options.backend,
                             "--model", "scripted:demo", "--data-dir", data_dir, "--log-level", "error"},
                            Cores::all}));
}

void wait_for_spare(int port) {
  std::this_thread::sleep_for(kNewsAge);
  const auto end = Clock::now() + kTimeout;
  while (must(ask_once(port, "GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")).find(R"("spare_sandboxes":1)") ==
         std::string::npos) {
    if (Clock::now() > end) give_up(unavailable("no spare sandbox comes up").value());
    std::this_thread::sleep_for(kSettle);
  }
}

int run(const Options& options) {
  const ScratchFolder data("cold-start"), warm_data("warm-start");
  const auto server = start_server(options, data.path(), 0), warm_server = start_server(options, warm_data.path(), 1);
  Milestones warm_up, milestones;
  measure_session(server->port(), warm_up);
  measure_session(warm_server->port(), warm_up);
  measure_bare(options);
  std::vector<double> ours, bare, warm;
  for (int n = 0; n < options.runs; ++n) {
    wait_for_spare(warm_server->port());
    ours.push_back(measure_session(server->port(), milestones));
    bare.push_back(measure_bare(options));
    warm.push_back(measure_session(warm_server->port(), warm_up));
  }
  const double ratio = median(ours) / median(bare), warm_ratio = median(warm) / median(bare);
  std::printf("ms until the first tool call is answered; median of %d [lowest-highest]\n\n", options.runs);
  std::printf("%-28s %s\n", options.backend == "docker" ? "bare docker run" : "bare bubblewrap", spread(bare).c_str());
  std::printf("%-28s %s\n%-28s %.2f\n", "a session", spread(ours).c_str(), "ratio", ratio);
  std::printf("%-28s %s\n%-28s %.2f\n\n", "a session with a spare", spread(warm).c_str(), "ratio", warm_ratio);
  std::printf("ms after its creation, to the millisecond\n\n");
  for (std::size_t n = 0; n < std::size(kMilestones); ++n) {
    std::printf("%-28s %s\n", kMilestones[n].name, spread(milestones[n], 0).c_str());
  }
  std::printf("\n");
  print_json_line({{"session_p50_ms", median(ours)},
                   {"bare_p50_ms", median(bare)},
                   {"ratio", ratio},
                   {"spare_p50_ms", median(warm)},
                   {"spare_ratio", warm_ratio}});
  return 0;
}

}  // namespace
}  // namespace ottobot::bench

int main(int argc, char** argv) {
  CLI::App app("Time from a session's creation to the answer of its first tool call, beside a bare sandbox");
  ottobot::bench::Options options;
  options.programs = std::filesystem::canonical("/proc/self/exe").parent_path();
  app.add_option("--runs", options.runs, "of each, in turn")->check(CLI::Range(1, 1000));
  app.add_option("--backend", options.backend)->check(CLI::IsMember({"local", "docker"}));
  app.add_option("--image", options.image, "that --backend docker makes containers of");
  app.add_option("--programs", options.programs, "folder of ottobot and ottobot-sandboxd; that of this when left out");
  CLI11_PARSE(app, argc, argv);
  return ottobot::bench::run(options);
}
