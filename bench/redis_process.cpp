#include "bench/redis_process.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <thread>

namespace ottobot::bench {
namespace {

constexpr std::chrono::seconds kStartTimeout{20}, kEndTimeout{10};
constexpr std::chrono::milliseconds kPoll{20};

int free_port() {
  const net::UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (::bind(fd.get(), reinterpret_cast<sockaddr*>(&address), size) != 0 ||
      ::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    give_up(Error{ErrorCode::unavailable, "there is no free port"});
  }
  return ntohs(address.sin_port);
}

}  // namespace

RedisProcess::RedisProcess(std::vector<std::string> arguments) : port_(free_port()) {
  net::SpawnOptions options;
  options.argv = {"redis-server",
                  "--bind",
                  "127.0.0.1",
                  "--port",
                  std::to_string(port_),
                  "--dir",
                  folder_.path(),
                  "--save",
                  "",
                  "--daemonize",
                  "no",
                  "--logfile",
                  folder_.path() + "/log"};
  options.argv.insert(options.argv.end(), arguments.begin(), arguments.end());
  options.die_with_parent = true;
  process_ = must(net::spawn(options));
  const auto until = std::chrono::steady_clock::now() + kStartTimeout;
  while (true) {
    const auto report = probe_redis(this->options(), with_timeout(std::chrono::seconds(1)));
    if (report) return;
    if (process_.try_wait() || std::chrono::steady_clock::now() > until) give_up(report.error());
    std::this_thread::sleep_for(kPoll);
  }
}

RedisProcess::~RedisProcess() {
  process_.kill_group(SIGTERM);
  if (process_.wait(with_timeout(kEndTimeout))) return;
  process_.kill_group();
  (void)process_.wait(with_timeout(kEndTimeout));
}

RedisOptions RedisProcess::redis_at(int port) {
  RedisOptions options;
  options.host = "127.0.0.1";
  options.port = port;
  return options;
}

}  // namespace ottobot::bench
