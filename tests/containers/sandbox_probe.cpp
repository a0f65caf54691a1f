#include "containers/sandbox_probe.hpp"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>

#include "net/process/unix_socket.hpp"

namespace ottobot::containers {
namespace {

namespace fs = std::filesystem;

std::string receive_all(int fd, const CallContext& ctx) {
  std::string text;
  while (ctx.check()) {
    pollfd wait{fd, POLLIN, 0};
    if (::poll(&wait, 1, 50) <= 0) continue;
    char buffer[16384];
    const ssize_t got = ::recv(fd, buffer, sizeof buffer, 0);
    if (got < 0 && errno == EAGAIN) continue;
    if (got <= 0) break;
    text.append(buffer, static_cast<std::size_t>(got));
  }
  return text;
}

}  // namespace

TemporaryFolder::TemporaryFolder() {
  std::string pattern = "/tmp/ottobot-local-XXXXXX";
  path_ = ::mkdtemp(pattern.data());
  fs::permissions(path_, fs::perms::owner_all | fs::perms::group_exec | fs::perms::others_exec);
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

std::string built_program(const std::string& name) {
  return fs::read_symlink("/proc/self/exe").parent_path().parent_path() / "bin" / name;
}

std::string stand_in_daemon() { return built_program("stand_in_daemon"); }

std::string ask(const Endpoint& endpoint, const std::string& request, std::chrono::milliseconds timeout) {
  const CallContext ctx = with_timeout(timeout);
  auto socket = net::connect_endpoint(endpoint, ctx);
  if (!socket) return socket.error().to_string();
  if (::send(socket->get(), request.data(), request.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(request.size())) {
    return "cannot send";
  }
  return receive_all(socket->get(), ctx);
}

ShellResult run_in(const Sandbox& sandbox, const std::string& command, std::chrono::milliseconds timeout) {
  const std::string request = "POST /run HTTP/1.1\r\nContent-Length: " + std::to_string(command.size()) +
                              "\r\nConnection: close\r\n\r\n" + command;
  const std::string answer = ask(sandbox.endpoint, request, timeout);
  const auto body = answer.find("\r\n\r\n");
  const auto end = answer.rfind("\nexit=");
  if (body == std::string::npos || end == std::string::npos) return {-1, answer};
  return {std::atoi(answer.c_str() + end + 6), answer.substr(body + 4, end - body - 4)};
}

Listener listen_on(in_addr_t address) {
  Listener listener{net::UniqueFd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)), 0};
  for (int port = 21'000; port < 21'100; ++port) {
    sockaddr_in place{};
    place.sin_family = AF_INET;
    place.sin_port = htons(static_cast<std::uint16_t>(port));
    place.sin_addr.s_addr = address;
    if (::bind(listener.fd.get(), reinterpret_cast<sockaddr*>(&place), sizeof place) != 0) continue;
    if (::listen(listener.fd.get(), 8) == 0) listener.port = port;
    break;
  }
  return listener;
}

in_addr_t outer_address() {
  ifaddrs* all = nullptr;
  in_addr_t found = 0;
  if (::getifaddrs(&all) != 0) return 0;
  for (const ifaddrs* entry = all; entry != nullptr; entry = entry->ifa_next) {
    if (entry->ifa_addr == nullptr || entry->ifa_addr->sa_family != AF_INET) continue;
    const in_addr_t address = reinterpret_cast<const sockaddr_in*>(entry->ifa_addr)->sin_addr.s_addr;
    if ((ntohl(address) >> 24) != 127) found = address;
  }
  ::freeifaddrs(all);
  return found;
}

std::string text_of(in_addr_t address) {
  char text[INET_ADDRSTRLEN];
  const in_addr place{address};
  return ::inet_ntop(AF_INET, &place, text, sizeof text);
}

bool waits_until(const std::function<bool()>& met) {
  for (int i = 0; i < 500; ++i) {
    if (met()) return true;
    ::usleep(10'000);
  }
  return false;
}

}  // namespace ottobot::containers
