#include "port_owner.hpp"

#include <arpa/inet.h>
#include <sys/socket.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <system_error>

#include "net/unique_fd.hpp"

namespace ottobot::cli {
namespace {

namespace fs = std::filesystem;

constexpr const char* kListening = "0A";

// Inodes of the sockets that listen on `port`; the columns are described in proc(5).
void add_listeners(const char* table, int port, std::set<std::string>& inodes) {
  std::ifstream file(table);
  std::string line;
  std::getline(file, line);
  while (std::getline(file, line)) {
    std::istringstream columns(line);
    std::string slot, local, remote, state, queues, timer, retransmits, uid, timeout, inode;
    columns >> slot >> local >> remote >> state >> queues >> timer >> retransmits >> uid >> timeout >> inode;
    const auto colon = local.rfind(':');
    if (state != kListening || colon == std::string::npos) continue;
    if (std::strtol(local.c_str() + colon + 1, nullptr, 16) == port) inodes.insert("socket:[" + inode + "]");
  }
}

bool holds_one_of(const fs::path& process, const std::set<std::string>& sockets) {
  std::error_code error;
  for (const auto& fd : fs::directory_iterator(process / "fd", error)) {
    std::error_code gone;
    if (sockets.count(fs::read_symlink(fd.path(), gone).string()) != 0) return true;
  }
  return false;
}

}  // namespace

std::string port_owner(int port) {
  std::set<std::string> sockets;
  add_listeners("/proc/net/tcp", port, sockets);
  add_listeners("/proc/net/tcp6", port, sockets);
  if (sockets.empty()) return {};
  std::error_code error;
  for (const auto& process : fs::directory_iterator("/proc", error)) {
    const auto pid = process.path().filename().string();
    if (pid.find_first_not_of("0123456789") != std::string::npos || !holds_one_of(process.path(), sockets)) continue;
    std::string name;
    std::getline(std::ifstream(process.path() / "comm") >> std::ws, name);
    return name + " (pid " + pid + ")";
  }
  return {};
}

bool is_port_free(const std::string& address, int port) {
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(static_cast<std::uint16_t>(port));
  const std::string ip = address == "localhost" ? "127.0.0.1" : address;
  if (::inet_pton(AF_INET, ip.c_str(), &to.sin_addr) != 1) to.sin_addr.s_addr = htonl(INADDR_ANY);
  const net::UniqueFd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  // As the server does: connections of an earlier one that are still winding down are no obstacle.
  const int on = 1;
  ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  return ::bind(socket.get(), reinterpret_cast<sockaddr*>(&to), sizeof to) == 0 && ::listen(socket.get(), 1) == 0;
}

}  // namespace ottobot::cli
