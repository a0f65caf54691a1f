// MCP tools/call served by ottobot-sandboxd: read_file of 1 KiB over keep-alive connections, the server on one core,
// the load on another. Beside it, with --peers, TypeScript servers of the same tool, round by round on the same host.
//
//   bench_mcp [--rounds 5] [--seconds 1] [--connections 1,16,64] [--sandboxd PATH] [--peers DIR]
//
// DIR has the peers and their node_modules (bench/run installs them). Prints a table and, last, one JSON line.

#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>
#include <fstream>

#include "bench/http_load.hpp"
#include "bench/server_process.hpp"
#include "bench/support.hpp"

namespace ottobot::bench {
namespace {

constexpr const char* kToken = "bench";
constexpr std::size_t kFileBytes = 1024;
constexpr std::chrono::milliseconds kWarmUp{500};

struct Options {
  int rounds = 5;
  double seconds = 1;
  std::vector<int> connections{1, 16, 64};
  std::string sandboxd, peers;
};

struct Server : ServerCommand {
  bool has_sessions = false;  // wants initialize first
};

std::string post(const std::string& session, const std::string& body) {
  std::string head =
      "POST /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
      "Accept: application/json, text/event-stream\r\nMCP-Protocol-Version: 2025-11-25\r\n"
      "Authorization: Bearer " +
      std::string(kToken) + "\r\n";
  if (!session.empty()) head += "MCP-Session-Id: " + session + "\r\n";
  return head + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

std::string call(const std::string& session, std::int64_t id) {
  return post(session, R"({"jsonrpc":"2.0","id":)" + std::to_string(id) +
                           R"(,"method":"tools/call","params":{"name":"read_file","arguments":{"path":"file.txt"}}})");
}

// The session that initialize gives.
std::string open_session(int port) {
  const std::string body =
      R"({"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},)"
      R"("clientInfo":{"name":"bench","version":"0"}}})";
  const std::string answer = must(ask_once(port, post("", body)));
  const std::size_t at = answer.find("MCP-Session-Id: ");
  if (at == std::string::npos) give_up(internal_error("no session in " + answer).value());
  return answer.substr(at + 16, answer.find("\r\n", at) - at - 16);
}

struct Figures {
  std::vector<double> per_s, cpu_us, per_cpu_s;
};

void measure(const Server& server, const Options& options, std::map<int, Figures>& by_connections) {
  const auto running = must(ServerProcess::start(server));
  const std::string session = server.has_sessions ? open_session(running->port()) : "";
  std::int64_t id = 0;
  LoadParams load;
  load.port = running->port();
  load.next_request = [&] { return call(session, ++id); };
  load.expected = std::string(kFileBytes, 'x');
  load.connections = 16;
  load.duration = kWarmUp;
  must(run_load(load));
  for (const int connections : options.connections) {
    load.connections = connections;
    load.duration = std::chrono::milliseconds(static_cast<int>(options.seconds * 1000));
    const double before = cpu_us_of(running->pid());
    const auto answered = static_cast<double>(must(run_load(load)));
    const double cpu = cpu_us_of(running->pid()) - before;
    Figures& figures = by_connections[connections];
    figures.per_s.push_back(answered / options.seconds);
    figures.cpu_us.push_back(cpu / answered);
    figures.per_cpu_s.push_back(answered / cpu * 1e6);
  }
}

std::vector<Server> servers(const Options& options, const std::string& workspace, const std::string& run_dir) {
  std::vector<Server> all{{{"ottobot-sandboxd",
                            {options.sandboxd, "--workspace", workspace, "--listen", "127.0.0.1:0", "--desktop", "off",
                             "--run-dir", run_dir}},
                           true}};
  if (options.peers.empty()) return all;
  const std::string& dir = options.peers;
  const std::string bun = bun_of(dir);
  all.push_back({{"TypeScript SDK v1", {"node", dir + "/mcp_sdk_v1.mjs", workspace}}});
  all.push_back({{"TypeScript SDK v2", {"node", dir + "/mcp_sdk_v2.mjs", workspace}}});
  all.push_back({{"bare node:http", {"node", dir + "/mcp_bare.mjs", workspace}}});
  all.push_back({{"bare node:http, Bun", {bun, dir + "/mcp_bare.mjs", workspace}}});
  all.push_back({{"TypeScript SDK v1, Bun", {bun, dir + "/mcp_sdk_v1.mjs", workspace}}});
  std::erase_if(all, [](const Server& server) { return !server.has_sessions && !starts_or_is_named(server); });
  return all;
}

int run(const Options& options) {
  const ScratchFolder workspace("mcp-workspace"), run_dir("mcp-run");
  std::ofstream(workspace.path() + "/file.txt") << std::string(kFileBytes, 'x');
  ::setenv("OTTOBOT_SANDBOX_TOKEN", kToken, 1);
  pin_load();
  const auto all = servers(options, workspace.path(), run_dir.path());
  std::vector<std::map<int, Figures>> figures(all.size());
  for (int round = 0; round < options.rounds; ++round) {
    for (std::size_t n = 0; n < all.size(); ++n) measure(all[n], options, figures[n]);
  }
  std::printf("tools/call read_file of 1 KiB; the server on one core; median of %d rounds [lowest-highest]\n\n",
              options.rounds);
  std::printf("%-24s %5s %-28s %-24s %s\n", "server", "conn", "calls/s", "CPU us per call", "ours / theirs (CPU)");
  Json json = {{"connections", Json::object()}};
  for (std::size_t n = 0; n < all.size(); ++n) {
    for (auto& [connections, own] : figures[n]) {
      const double ratio = median(own.cpu_us) / median(figures[0][connections].cpu_us);
      std::printf("%-24s %5d %-28s %-24s %.1f\n", all[n].name.c_str(), connections, spread(own.per_s, 0).c_str(),
                  spread(own.cpu_us).c_str(), ratio);
      json["connections"][std::to_string(connections)][all[n].name] = {{"calls_per_s", median(own.per_s)},
                                                                       {"calls_per_cpu_s", median(own.per_cpu_s)}};
    }
  }
  std::printf("\n");
  print_json_line(json);
  return 0;
}

}  // namespace
}  // namespace ottobot::bench

int main(int argc, char** argv) {
  CLI::App app("MCP calls served by ottobot-sandboxd, beside TypeScript servers");
  ottobot::bench::Options options;
  options.sandboxd = std::filesystem::canonical("/proc/self/exe").parent_path() / "ottobot-sandboxd";
  app.add_option("--rounds", options.rounds, "rounds over all servers")->check(CLI::Range(1, 100));
  app.add_option("--seconds", options.seconds, "of load per figure")->check(CLI::Range(0.1, 600.0));
  app.add_option("--connections", options.connections, "requests in flight")
      ->delimiter(',')
      ->check(CLI::Range(1, 1000));
  app.add_option("--sandboxd", options.sandboxd, "the program; the one beside this when left out");
  app.add_option("--peers", options.peers, "folder of the peers, with node_modules");
  CLI11_PARSE(app, argc, argv);
  return ottobot::bench::run(options);
}
