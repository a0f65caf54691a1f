// Resident memory per idle chat socket: the whole server on SQLite, chats that were greeted and then say nothing.
// Beside it, with --peers, a server of npm ws that keeps as little as it can.
//
//   bench_chat_sockets [--sockets 10000] [--sessions 100] [--settle 60] [--peers DIR]
//
// Prints a table and, last, one JSON line.
#include <arpa/inet.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstring>
#include <thread>

#include "bench/http_load.hpp"
#include "bench/quiet_server.hpp"
#include "bench/support.hpp"

namespace ottobot::bench {
namespace {

constexpr int kWarmUpSockets = 100;  // what all share is there after them
constexpr int kSteps = 4;
constexpr std::chrono::seconds kSettle{1};  // after a step; --settle is for the first and the last
constexpr std::chrono::seconds kLifeInterval{15};
constexpr const char* kGreeting = "Connected to session";

struct Options {
  int sockets = 10000, sessions = 100, settle_s = 60;
  std::string peers;
};

// The key of RFC 6455 §1.3: these sockets are nobody's.
std::string handshake(const std::string& session) {
  return "GET /session/" + session +
         "/chat HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
         "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
}

// A chat that has been greeted.
net::UniqueFd open_chat(int port, const std::string& session) {
  net::UniqueFd fd = must(connect_loopback(port));
  must(send_all(fd.get(), handshake(session)));
  std::string answer;
  char buffer[4096];
  while (answer.find(kGreeting) == std::string::npos) {
    const ssize_t got = ::recv(fd.get(), buffer, sizeof buffer, 0);
    if (got <= 0) give_up(unavailable("a chat was not greeted: " + answer).value());
    answer.append(buffer, static_cast<std::size_t>(got));
  }
  return fd;
}

// What a browser does by itself: a chat that never answers a ping is closed.
void show_life(const std::vector<net::UniqueFd>& chats) {
  static const std::string kPong("\x8a\x80\0\0\0\0", 6);
  char buffer[4096];
  for (const net::UniqueFd& chat : chats) {
    while (::recv(chat.get(), buffer, sizeof buffer, MSG_DONTWAIT) > 0) {
    }
    must(send_all(chat.get(), kPong));
  }
}

void settle(const std::vector<net::UniqueFd>& chats, std::chrono::seconds time) {
  const auto end = std::chrono::steady_clock::now() + time;
  while (std::chrono::steady_clock::now() < end) {
    const auto left = end - std::chrono::steady_clock::now();
    std::this_thread::sleep_for(std::min<std::chrono::steady_clock::duration>(left, kLifeInterval));
    show_life(chats);
  }
}

struct Step {
  int sockets = 0;
  double resident_kib = 0;
};

std::vector<Step> measure(const ServerCommand& command, bool is_ours, const Options& options) {
  const auto server = must(ServerProcess::start(command));
  std::vector<std::string> sessions;
  for (int n = 0; n < options.sessions; ++n) {
    sessions.push_back(is_ours ? create_session(server->port()) : std::to_string(n));
  }
  std::vector<net::UniqueFd> chats;
  std::vector<Step> steps;
  const auto open_up_to = [&](int count, std::chrono::seconds time) {
    while (static_cast<int>(chats.size()) < count) {
      chats.push_back(open_chat(server->port(), sessions[chats.size() % sessions.size()]));
    }
    settle(chats, time);
    steps.push_back({count, resident_kib(server->pid())});
  };
  const std::chrono::seconds long_settle(options.settle_s);
  open_up_to(kWarmUpSockets, long_settle);
  for (int step = 1; step <= kSteps; ++step) {
    open_up_to(kWarmUpSockets + options.sockets * step / kSteps, step == kSteps ? long_settle : kSettle);
  }
  return steps;
}

double kib_per_socket(const Step& from, const Step& to) {
  return (to.resident_kib - from.resident_kib) / (to.sockets - from.sockets);
}

void print(const std::string& name, const std::vector<Step>& steps) {
  for (std::size_t n = 1; n < steps.size(); ++n) {
    std::printf("%-20s %8d %12.0f %14.2f\n", name.c_str(), steps[n].sockets, steps[n].resident_kib,
                kib_per_socket(steps[n - 1], steps[n]));
  }
}

void allow_many_files() {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

int run(const Options& options) {
  allow_many_files();
  const ScratchFolder data("chat-sockets");
  ServerCommand ours = quiet_server();
  ours.argv.push_back(data.path());
  std::vector<ServerCommand> all{ours};
  for (const ServerCommand& peer :
       {ServerCommand{"npm ws, Node.js", {"node", options.peers + "/chat_ws.mjs"}},
        ServerCommand{"npm ws, Bun", {bun_of(options.peers), options.peers + "/chat_ws.mjs"}}}) {
    if (!options.peers.empty() && starts_or_is_named(peer)) all.push_back(peer);
  }
  std::printf("resident memory with idle chat sockets over %d sessions, in steps\n\n", options.sessions);
  std::printf("%-20s %8s %12s %14s\n", "server", "sockets", "KiB in all", "KiB per socket");
  Json json = Json::object();
  for (std::size_t n = 0; n < all.size(); ++n) {
    const auto steps = measure(all[n], n == 0, options);
    print(all[n].name, steps);
    json["kib_per_socket"][all[n].name] = kib_per_socket(steps.front(), steps.back());
  }
  std::printf("\n");
  print_json_line(json);
  return 0;
}

}  // namespace
}  // namespace ottobot::bench

int main(int argc, char** argv) {
  if (argc == 3 && std::strcmp(argv[1], ottobot::bench::kServeFlag) == 0) return ottobot::bench::serve_quietly(argv[2]);
  CLI::App app("Memory per idle chat socket, beside npm ws");
  ottobot::bench::Options options;
  app.add_option("--sockets", options.sockets, "how many")->check(CLI::Range(40, 20000));
  app.add_option("--sessions", options.sessions, "that they are spread over")->check(CLI::Range(1, 1000));
  app.add_option("--settle", options.settle_s, "seconds of silence before the first and the last figure")
      ->check(CLI::Range(0, 3600));
  app.add_option("--peers", options.peers, "folder of the peers, with node_modules");
  CLI11_PARSE(app, argc, argv);
  return ottobot::bench::run(options);
}
