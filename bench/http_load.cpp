#include "bench/http_load.hpp"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "bench/support.hpp"

namespace ottobot::bench {
namespace {

constexpr int kAnswerTimeoutMs = 10000;

struct Peer {
  net::UniqueFd fd;
  std::string in;
};

// Length of the first answer in `bytes`, 0 while it is not whole, npos when it cannot be framed.
std::size_t answer_length(const std::string& bytes) {
  const std::size_t head = bytes.find("\r\n\r\n");
  if (head == std::string::npos) return 0;
  const char* field = ::strcasestr(bytes.c_str(), "\r\ncontent-length:");
  if (!field || static_cast<std::size_t>(field - bytes.c_str()) > head) {
    // Chunked: whole when the last chunk is there.
    const std::size_t end = bytes.find("\r\n0\r\n\r\n", head);
    return end == std::string::npos ? 0 : end + 7;
  }
  const std::size_t length = std::strtoul(field + 17, nullptr, 10);
  return bytes.size() >= head + 4 + length ? head + 4 + length : 0;
}

// True when the answer is whole; it is taken off then.
Result<bool> receive(Peer& peer, const std::string& expected) {
  std::array<char, 16384> buffer;
  const ssize_t got = ::recv(peer.fd.get(), buffer.data(), buffer.size(), 0);
  if (got <= 0) return unavailable("the server closed the connection");
  peer.in.append(buffer.data(), static_cast<std::size_t>(got));
  const std::size_t length = answer_length(peer.in);
  if (length == 0) return false;
  const bool good = peer.in.compare(0, 10, "HTTP/1.1 2") == 0 && peer.in.find(expected) < length;
  if (!good) return internal_error("unexpected answer: " + peer.in.substr(0, 400));
  peer.in.erase(0, length);
  return true;
}

}  // namespace

Result<net::UniqueFd> connect_loopback(int port) {
  net::UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (!fd || ::connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    return unavailable("cannot connect to port " + std::to_string(port) + ": " + std::strerror(errno));
  }
  const int on = 1;
  ::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return fd;
}

Result<void> send_all(int fd, const std::string& bytes) {
  if (::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(bytes.size())) return {};
  return unavailable("the server closed the connection");
}

Result<std::string> ask(int fd, const std::string& request) {
  if (auto sent = send_all(fd, request); !sent) return fail(sent.error());
  std::string answer;
  std::array<char, 16384> buffer;
  while (answer_length(answer) == 0) {
    const ssize_t got = ::recv(fd, buffer.data(), buffer.size(), 0);
    if (got <= 0) return unavailable("the server closed the connection");
    answer.append(buffer.data(), static_cast<std::size_t>(got));
  }
  return answer;
}

Result<std::string> ask_once(int port, const std::string& request) {
  auto fd = connect_loopback(port);
  if (!fd) return fail(fd.error());
  return ask(fd->get(), request);
}

std::string create_session(int port) {
  const std::string body = R"({"initial_prompt":"Make a small web page"})";
  const std::string answer =
      must(ask_once(port,
                    "POST /session HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
                    "Content-Length: " +
                        std::to_string(body.size()) + "\r\n\r\n" + body));
  const auto json = must(parse_json(std::string_view(answer).substr(answer.find("\r\n\r\n") + 4)));
  const std::string id = get_string(json, "session_id");
  if (id.empty()) give_up(internal_error("no session: " + answer).value());
  return id;
}

Result<std::int64_t> run_load(const LoadParams& params) {
  const net::UniqueFd poll(::epoll_create1(EPOLL_CLOEXEC));
  std::vector<Peer> peers(static_cast<std::size_t>(params.connections));
  for (std::size_t i = 0; i < peers.size(); ++i) {
    auto fd = connect_loopback(params.port);
    if (!fd) return fail(fd.error());
    peers[i].fd = std::move(*fd);
    epoll_event event{EPOLLIN, {.u64 = i}};
    ::epoll_ctl(poll.get(), EPOLL_CTL_ADD, peers[i].fd.get(), &event);
    if (auto sent = send_all(peers[i].fd.get(), params.next_request()); !sent) return fail(sent.error());
  }
  std::int64_t answered = 0;
  const auto end = std::chrono::steady_clock::now() + params.duration;
  std::array<epoll_event, 64> events;
  while (std::chrono::steady_clock::now() < end) {
    const int count = ::epoll_wait(poll.get(), events.data(), static_cast<int>(events.size()), kAnswerTimeoutMs);
    if (count <= 0) return unavailable("no answer within " + std::to_string(kAnswerTimeoutMs) + " ms");
    for (int n = 0; n < count; ++n) {
      Peer& peer = peers[events[static_cast<std::size_t>(n)].data.u64];
      auto whole = receive(peer, params.expected);
      if (!whole) return fail(whole.error());
      if (!*whole) continue;
      ++answered;
      if (auto sent = send_all(peer.fd.get(), params.next_request()); !sent) return fail(sent.error());
    }
  }
  return answered;
}

}  // namespace ottobot::bench
