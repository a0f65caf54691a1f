// Stands in for ottobot-sandboxd in tests of what is around it: answers GET /health, and POST /run by running the body
// as a shell command ("OUTPUT\nexit=N"). Static, because it runs inside the sandbox. TEST_DAEMON in its environment
// scripts failures: "exit" ends at once, "mute" never listens, "stubborn" ignores SIGTERM.
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

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

int listen_on(const char* path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, path, sizeof address.sun_path - 1);
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 || ::listen(fd, 64) != 0) {
    std::perror("listen");
    std::exit(1);
  }
  return fd;
}

void reap(int) {
  while (::waitpid(-1, nullptr, WNOHANG) > 0) {
  }
}

}  // namespace

int main(int argc, char** argv) {
  const char* path = nullptr;
  for (int i = 1; i + 1 < argc; ++i) {
    if (std::strcmp(argv[i], "--listen") == 0) path = argv[i + 1] + std::strlen("unix:");
  }
  const std::string script = std::getenv("TEST_DAEMON") != nullptr ? std::getenv("TEST_DAEMON") : "";
  std::printf("stand-in daemon starts\n");
  std::fflush(stdout);
  if (script == "exit" || path == nullptr) {
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
  const int listener = listen_on(path);
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
