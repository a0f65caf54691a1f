// Memory that the download of a large workspace takes, of the server and of the sandbox's daemon: random bytes, which
// no compression makes less, as zip and as a single file.
//
//   bench_download [--mib 1024] [--programs DIR]
//
// Prints a table and, last, one JSON line.
#include <sys/socket.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <thread>

#include "bench/http_load.hpp"
#include "bench/server_process.hpp"
#include "bench/support.hpp"

namespace ottobot::bench {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

constexpr std::chrono::minutes kTimeout{10};
constexpr std::chrono::milliseconds kLookInterval{50};

struct Options {
  int mib = 1024;
  std::string programs;
};

std::string read_all(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

double peak_mib(pid_t pid) {
  std::ifstream status("/proc/" + std::to_string(pid) + "/status");
  for (std::string line; std::getline(status, line);) {
    if (line.rfind("VmHWM:", 0) == 0) return std::atof(line.c_str() + 6) / 1024;
  }
  return 0;
}

// proc(5): the peak is the present size again.
void forget_peak(pid_t pid) { std::ofstream("/proc/" + std::to_string(pid) + "/clear_refs") << "5"; }

// The processes of the sandbox's daemon, as the backend notes its first one.
std::vector<pid_t> daemons(const std::string& data_dir, const std::string& session) {
  const auto record = must(parse_json(read_all(data_dir + "/local/sandboxes/ob-" + session + "/sandbox.json")));
  const auto first = static_cast<pid_t>(get_int(record["init"], "pid"));
  std::vector<pid_t> pids{first};
  std::ifstream children("/proc/" + std::to_string(first) + "/task/" + std::to_string(first) + "/children");
  for (pid_t child = 0; children >> child;) pids.push_back(child);
  return pids;
}

std::string ask_for(int port, const std::string& method, const std::string& path) {
  return must(ask_once(port, method + " " + path + " HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"));
}

void wait_for(int port, const std::string& path, const std::string& sign) {
  const auto end = Clock::now() + kTimeout;
  while (ask_for(port, "GET", path).find(sign) == std::string::npos) {
    if (Clock::now() > end) give_up(deadline_exceeded("waiting for " + sign).value());
    std::this_thread::sleep_for(kLookInterval);
  }
}

// MiB of an answer that is thrown away.
double download(int port, const std::string& path) {
  const net::UniqueFd fd = must(connect_loopback(port));
  must(send_all(fd.get(), "GET " + path + " HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"));
  std::vector<char> buffer(256 << 10);
  double bytes = 0;
  for (ssize_t got = 0; (got = ::recv(fd.get(), buffer.data(), buffer.size(), 0)) > 0;)
    bytes += static_cast<double>(got);
  return bytes / (1 << 20);
}

struct Figures {
  double mib_per_s = 0, server_mib = 0, daemon_mib = 0;
};

Figures measure(int port, pid_t server, const std::vector<pid_t>& daemons, const std::string& path, int expected_mib) {
  std::vector<pid_t> all = daemons;
  all.push_back(server);
  std::vector<double> before;
  for (const pid_t pid : all) {
    forget_peak(pid);
    before.push_back(peak_mib(pid));
  }
  const auto start = Clock::now();
  const double mib = download(port, path);
  if (mib < expected_mib) give_up(data_loss("the download has only " + std::to_string(mib) + " MiB").value());
  Figures figures;
  figures.mib_per_s = mib / std::chrono::duration<double>(Clock::now() - start).count();
  for (std::size_t n = 0; n < daemons.size(); ++n) figures.daemon_mib += peak_mib(all[n]) - before[n];
  figures.server_mib = peak_mib(server) - before.back();
  return figures;
}

std::string write_scenario(const std::string& folder, int mib) {
  const std::string command = "head -c " + std::to_string(mib) + "M /dev/urandom > large.bin";
  const Json call = {{"name", "execute_command"}, {"args", {{"command", command}, {"timeout_s", 600}}}};
  const Json steps = {{{"text", "Writing"}, {"tool_calls", {call}}}, {{"text", "Written"}}};
  const std::string path = folder + "/scenario.json";
  std::ofstream(path) << dump_json({{"turns", {{{"prompt", 1}, {"steps", steps}}}}});
  return path;
}

int run(const Options& options) {
  const ScratchFolder scratch("download");
  const std::string data = scratch.path() + "/data";
  const auto server = must(ServerProcess::start(
      {"ottobot",
       {options.programs + "/ottobot", "serve", "--port", "0", "--backend", "local", "--model",
        "scripted:" + write_scenario(scratch.path(), options.mib), "--data-dir", data, "--log-level", "error"},
       Cores::all}));
  const int port = server->port();
  const std::string session = create_session(port);
  wait_for(port, "/session/" + session + "/events?limit=1000", "turn_finished");
  const auto pids = daemons(data, session);
  std::printf("%d MiB of random bytes; growth of the peak of memory, MiB\n\n", options.mib);
  std::printf("%-12s %10s %10s %10s\n", "download", "server", "sandboxd", "MiB/s");
  Json json = Json::object();
  for (const auto& [name, path] : {std::pair{"zip", ""}, std::pair{"file", "/large.bin"}}) {
    const Figures figures = measure(port, server->pid(), pids, "/download/" + session + path, options.mib);
    std::printf("%-12s %10.1f %10.1f %10.0f\n", name, figures.server_mib, figures.daemon_mib, figures.mib_per_s);
    json[name] = {
        {"server_mib", figures.server_mib}, {"sandboxd_mib", figures.daemon_mib}, {"mib_per_s", figures.mib_per_s}};
  }
  std::printf("\n");
  ask_for(port, "DELETE", "/session/" + session);
  wait_for(port, "/session/" + session, R"("terminated")");
  print_json_line(json);
  return 0;
}

}  // namespace
}  // namespace ottobot::bench

int main(int argc, char** argv) {
  CLI::App app("Memory that the download of a large workspace takes");
  ottobot::bench::Options options;
  options.programs = std::filesystem::canonical("/proc/self/exe").parent_path();
  app.add_option("--mib", options.mib, "size of the workspace")->check(CLI::Range(1, 100000));
  app.add_option("--programs", options.programs, "folder of ottobot and ottobot-sandboxd; that of this when left out");
  CLI11_PARSE(app, argc, argv);
  return ottobot::bench::run(options);
}
