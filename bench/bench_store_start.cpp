// The start of a server on a data directory with many long sessions: time until it listens, time until it has listed a
// page of them, and its memory then.
//
//   bench_store_start [--sessions 2000] [--events 1000] [--programs DIR]
//
// Prints a table and, last, one JSON line.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>
#include <thread>

#include "bench/http_load.hpp"
#include "bench/server_process.hpp"
#include "bench/stored_sessions.hpp"
#include "bench/support.hpp"
#include "ottobot/stores/sqlite.hpp"

namespace ottobot::bench {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

constexpr int kStarts = 5;
constexpr std::chrono::seconds kSettle{2};  // what goes on behind the first answers

struct Options {
  int sessions = 2000, events = 1000;
  std::string programs;
};

std::uintmax_t bytes_in(const std::string& folder) {
  std::uintmax_t bytes = 0;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file()) bytes += entry.file_size();
  }
  return bytes;
}

double ms_since(Clock::time_point start) {
  return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

int run(const Options& options) {
  const ScratchFolder data("store-start");
  {
    const auto filling = Clock::now();
    const auto store = must(make_sqlite_store({.data_dir = data.path()}));
    store_sessions(*store, options.sessions, options.events);
    std::printf("%d sessions of %d events, written in %.1f s: ", options.sessions, options.events,
                ms_since(filling) / 1000);
  }
  std::printf("%.0f MiB\n\n", static_cast<double>(bytes_in(data.path())) / (1 << 20));
  std::vector<double> listening, listed, resident;
  for (int n = 0; n < kStarts; ++n) {
    const auto start = Clock::now();
    const auto server = must(ServerProcess::start({"ottobot",
                                                   {options.programs + "/ottobot", "serve", "--port", "0", "--model",
                                                    "scripted:demo", "--data-dir", data.path(), "--log-level", "error"},
                                                   Cores::all}));
    listening.push_back(ms_since(start));
    must(ask_once(server->port(), "GET /session?limit=100 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"));
    listed.push_back(ms_since(start));
    std::this_thread::sleep_for(kSettle);
    resident.push_back(resident_kib(server->pid()) / 1024);
  }
  std::printf("%-28s %s\n", "ms until it listens", spread(listening, 0).c_str());
  std::printf("%-28s %s\n", "ms until a page is listed", spread(listed, 0).c_str());
  std::printf("%-28s %s\n\n", "resident MiB", spread(resident).c_str());
  print_json_line(
      {{"listening_ms", median(listening)}, {"listed_ms", median(listed)}, {"resident_mib", median(resident)}});
  return 0;
}

}  // namespace
}  // namespace ottobot::bench

int main(int argc, char** argv) {
  CLI::App app("Start of a server that has many sessions");
  ottobot::bench::Options options;
  options.programs = std::filesystem::canonical("/proc/self/exe").parent_path();
  app.add_option("--sessions", options.sessions, "how many")->check(CLI::Range(1, 100000));
  app.add_option("--events", options.events, "of each")->check(CLI::Range(1, 100000));
  app.add_option("--programs", options.programs, "folder of ottobot; that of this program when left out");
  CLI11_PARSE(app, argc, argv);
  return ottobot::bench::run(options);
}
