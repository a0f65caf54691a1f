#include "bench/server_process.hpp"

#include <poll.h>
#include <sched.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <thread>

namespace ottobot::bench {
namespace {

constexpr int kServerCore = 0, kLoadCore = 1;
constexpr int kStartTimeoutMs = 20000;
constexpr std::chrono::seconds kEndTimeout{5};

bool has_two_cores() { return std::thread::hardware_concurrency() >= 2; }

}  // namespace

Result<std::unique_ptr<ServerProcess>> ServerProcess::start(const ServerCommand& command) {
  auto pipe = net::make_pipe();
  if (!pipe) return fail(pipe.error());
  net::SpawnOptions options;
  if (command.cores == Cores::one && has_two_cores()) options.argv = {"taskset", "-c", std::to_string(kServerCore)};
  options.argv.insert(options.argv.end(), command.argv.begin(), command.argv.end());
  options.stdout_fd = pipe->second.get();
  options.stderr_fd = STDERR_FILENO;
  options.die_with_parent = true;
  auto process = net::spawn(options);
  if (!process) return fail(process.error());
  pipe->second.reset();
  std::unique_ptr<ServerProcess> server(new ServerProcess(std::move(*process), std::move(pipe->first)));
  if (!server->read_port()) return unavailable(command.name + " did not say where it listens: " + server->first_line_);
  return server;
}

ServerProcess::~ServerProcess() {
  // What it started outlives it when it is not asked first.
  process_.kill_group(SIGTERM);
  if (process_.wait(with_timeout(kEndTimeout))) return;
  process_.kill_group();
  (void)process_.wait(with_timeout(kEndTimeout));
}

bool ServerProcess::read_port() {
  pollfd readable{output_.get(), POLLIN, 0};
  for (char c = 0; c != '\n'; first_line_ += c) {
    if (::poll(&readable, 1, kStartTimeoutMs) != 1 || ::read(output_.get(), &c, 1) != 1) return false;
  }
  const std::size_t colon = first_line_.rfind(':');
  port_ = colon == std::string::npos ? 0 : std::atoi(first_line_.c_str() + colon + 1);
  return port_ != 0;
}

bool starts_or_is_named(const ServerCommand& command) {
  const auto server = ServerProcess::start(command);
  if (!server) std::fprintf(stderr, "not measured: %s: %s\n", command.name.c_str(), server.error().message.c_str());
  return server.has_value();
}

void pin_load() {
  if (!has_two_cores()) return;
  cpu_set_t cores;
  CPU_ZERO(&cores);
  CPU_SET(kLoadCore, &cores);
  ::sched_setaffinity(0, sizeof cores, &cores);
}

std::string bun_of(const std::string& peers) { return peers + "/node_modules/@oven/bun-linux-x64/bin/bun"; }

}  // namespace ottobot::bench
