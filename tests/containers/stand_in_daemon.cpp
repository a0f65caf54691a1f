// Stands in for ottobot-sandboxd in tests of what is around it: answers GET /health, and POST /run by running the body
// as a shell command ("OUTPUT\nexit=N"). Static, because it runs inside the sandbox. TEST_DAEMON in its environment
// scripts failures: "exit" ends at once, "mute" never listens, "stubborn" ignores SIGTERM.
//   --block-networks LIST [--pass-replies], --give PATH UID GID, --install FOLDER, --show-addresses   as the real one
//   --connect ADDRESS PORT [DEVICE]          says how a TCP connection went, from a socket that is bound to DEVICE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <sstream>
#include <string>
#include <vector>

#include "containers/common/errands.hpp"

namespace {

std::string read_request(int fd) {
  std::string text;
  char buffer[4096];
  std::size_t wanted = std::string::npos;
  while (text.size() < wanted) {
    const ssize_t got = ::read(fd, buffer, sizeof buffer);
    if (got <= 0) break;
    text.append(buffer, static_cast<std::size_t>(got));
    const auto end = text.find("\r\n\r\n");
    if (end == std::string::npos) continue;
    const auto length = text.find("Content-Length: ");
    wanted = end + 4 + (length < end ? std::strtoul(text.c_str() + length + 16, nullptr, 10) : 0);
  }
  return text;
}

std::string run_shell(const std::string& command) {
  FILE* pipe = ::popen(("exec 2>&1 </dev/null; " + command).c_str(), "r");
  if (pipe == nullptr) return "\nexit=127";
  std::string output;
  char buffer[4096];
  while (const auto got = std::fread(buffer, 1, sizeof buffer, pipe)) output.append(buffer, got);
  const int status = ::pclose(pipe);
  return output + "\nexit=" + std::to_string(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
}

void answer(int fd) {
  const std::string request = read_request(fd);
  std::string body = "{}";
  if (request.rfind("POST /run", 0) == 0) body = run_shell(request.substr(request.find("\r\n\r\n") + 4));
  const std::string text =
      "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\nConnection: close\r\n\r\n" + body;
  for (std::size_t sent = 0; sent < text.size();) {
    const ssize_t put = ::send(fd, text.data() + sent, text.size() - sent, MSG_NOSIGNAL);
    if (put <= 0) break;
    sent += static_cast<std::size_t>(put);
  }
}

int listen_at(int fd, const sockaddr* address, socklen_t size) {
  if (::bind(fd, address, size) != 0 || ::listen(fd, 64) != 0) {
    std::perror("listen");
    std::exit(1);
  }
  return fd;
}

sockaddr_in inet_address(const std::string& host, const std::string& port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(std::atoi(port.c_str())));
  ::inet_pton(AF_INET, host.c_str(), &address.sin_addr);
  return address;
}

int listen_on(const std::string& place) {
  if (place.rfind("unix:", 0) == 0) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, place.c_str() + 5, sizeof address.sun_path - 1);
    return listen_at(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), reinterpret_cast<const sockaddr*>(&address),
                     sizeof address);
  }
  const auto colon = place.rfind(':');
  const sockaddr_in address = inet_address(place.substr(0, colon), place.substr(colon + 1));
  return listen_at(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), reinterpret_cast<const sockaddr*>(&address),
                   sizeof address);
}

int connect_to(const char* host, const char* port, const char* device) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const timeval patience{3, 0};
  ::setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  if (device != nullptr &&
      ::setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, device, static_cast<socklen_t>(std::strlen(device))) != 0) {
    std::perror("bind to device");
    return 2;
  }
  const sockaddr_in address = inet_address(host, port);
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    std::perror("connect");
    return 1;
  }
  std::puts("connected");
  return 0;
}

std::vector<std::string> words(const std::string& list) {
  std::vector<std::string> words;
  std::istringstream text(list);
  for (std::string word; std::getline(text, word, ',');) words.push_back(word);
  return words;
}

ottobot::containers::Errands errands(int argc, char** argv) {
  ottobot::containers::Errands errands;
  for (int i = 1; i < argc; ++i) {
    const std::string option = argv[i];
    if (option == "--block-networks" && i + 1 < argc) errands.blocked = words(argv[i + 1]);
    if (option == "--pass-replies") errands.replies_pass = true;
    if (option == "--give" && i + 3 < argc) errands.gift = {argv[i + 1], argv[i + 2], argv[i + 3]};
    if (option == "--show-addresses") errands.shows_addresses = true;
    if (option == "--install" && i + 1 < argc) errands.install_to = argv[i + 1];
  }
  return errands;
}

int run(const ottobot::containers::Errands& errands) {
  const auto done = ottobot::containers::run_errands(errands);
  if (!done) std::printf("%s\n", done.error().to_string().c_str());
  return done ? 0 : 1;
}

void reap(int) {
  while (::waitpid(-1, nullptr, WNOHANG) > 0) {
  }
}

}  // namespace

int main(int argc, char** argv) {
  const std::string job = argc > 1 ? argv[1] : "";
  if (job == "--connect" && argc > 3) return connect_to(argv[2], argv[3], argc > 4 ? argv[4] : nullptr);
  if (const auto once = errands(argc, argv); !once.empty()) return run(once);
  const char* place = nullptr;
  for (int i = 1; i + 1 < argc; ++i) {
    if (std::strcmp(argv[i], "--listen") == 0) place = argv[i + 1];
  }
  const std::string script = std::getenv("TEST_DAEMON") != nullptr ? std::getenv("TEST_DAEMON") : "";
  std::printf("stand-in daemon starts\n");
  std::fflush(stdout);
  if (script == "exit" || place == nullptr) {
    std::printf("as asked, it ends\n");
    return 3;
  }
  // Process 1 ignores what it has no handler for.
  std::signal(
      SIGTERM, script == "stubborn" ? SIG_IGN : [](int) { ::_exit(0); });
  std::signal(SIGCHLD, reap);
  if (script == "mute") {
    for (;;) ::pause();
  }
  const int listener = listen_on(place);
  for (;;) {
    const int fd = ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) continue;
    const pid_t child = ::fork();
    if (child == 0) {
      std::signal(SIGCHLD, SIG_DFL);
      std::signal(SIGTERM, SIG_DFL);
      answer(fd);
      ::_exit(0);
    }
    ::close(fd);
  }
}
