#include "net/client/transfer.hpp"

#include <sys/socket.h>
#include <sys/un.h>

#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstring>

#include "net/client/curl_error.hpp"
#include "net/process/checked_socket.hpp"

namespace ottobot::net {
namespace {

using namespace std::chrono_literals;

// Beyond this the peer is held back until the caller has taken it.
constexpr std::size_t kMaxWaitingBytes = 256 << 10;

std::string_view trim(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

// The body is handed on decoded, so these no longer describe it.
Headers without_encoding(Headers headers) {
  if (!headers.find("Content-Encoding")) return headers;
  Headers kept;
  for (const auto& [name, value] : headers) {
    if (equals_ignore_case(name, "Content-Encoding") || equals_ignore_case(name, "Content-Length")) continue;
    kept.add(name, value);
  }
  return kept;
}

}  // namespace

Result<Transfer::News> Transfer::wait(const CallContext& ctx) {
  std::unique_lock lock(mutex_);
  const SteadyTime began = std::chrono::steady_clock::now();
  while (true) {
    // First, so that a peer that never stops sending cannot outrun a stop.
    if (auto live = ctx.check(); !live) return fail(live.error());
    if (news_ready()) break;
    SteadyTime until = ctx.deadline;
    if (request_.idle_timeout > 0ms) {
      const SteadyTime idle_end = std::max(began, last_activity_) + request_.idle_timeout;
      if (std::chrono::steady_clock::now() >= idle_end) {
        return deadline_exceeded("the peer sent nothing for " + std::to_string(request_.idle_timeout.count()) + " ms");
      }
      until = std::min(until, idle_end);
    }
    changed_.wait_until(lock, ctx.stop, until, [this] { return news_ready(); });
  }
  News news;
  if (std::exchange(head_ready_, false)) news.head = std::move(head_);
  news.bytes = std::exchange(bytes_, {});
  news.was_paused = std::exchange(paused_, false);
  news.done = finished_;
  return news;
}

void Transfer::wait_finished() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return finished_; });
}

Result<void> Transfer::outcome() const {
  std::lock_guard lock(mutex_);
  if (error_) return fail(*error_);
  return {};
}

bool Transfer::died_in_pool() const {
  long connects = 0;
  curl_easy_getinfo(easy_.get(), CURLINFO_NUM_CONNECTS, &connects);
  return connects == 0 && !head_done_ && !new_connection_ && !connect_error_;
}

// libcurl takes the EAGAIN of a full backlog for a connection on its way, and then finds that there is none.
bool Transfer::backlog_was_full(CURLcode code) const {
  long error = 0;
  curl_easy_getinfo(easy_.get(), CURLINFO_OS_ERRNO, &error);
  return code == CURLE_COULDNT_CONNECT && socket_file_ && !connect_error_ && (error == 0 || error == EAGAIN);
}

void Transfer::finish(CURLcode code) {
  peer_was_busy_ = peer_was_busy_ || backlog_was_full(code);
  if (peer_was_busy_) connect_error_ = unavailable("the backlog of " + request_.endpoint->url + " is full").value();
  std::lock_guard lock(mutex_);
  if (code != CURLE_OK) {
    error_ = connect_error_ ? *connect_error_ : curl_error(code, error_text_, request_.url);
  }
  finished_ = true;
  changed_.notify_all();
}

void Transfer::finish(Error error) {
  std::lock_guard lock(mutex_);
  error_ = std::move(error);
  finished_ = true;
  changed_.notify_all();
}

void Transfer::take_header_line(std::string_view line) {
  if (head_done_) return;
  if (line.rfind("HTTP/", 0) == 0) {
    incoming_ = {};
    const std::size_t space = std::min(line.find(' '), line.size() - 1);
    std::from_chars(line.data() + space + 1, line.data() + line.size(), incoming_.status);
    return;
  }
  if (!trim(line).empty()) {
    const std::size_t colon = line.find(':');
    if (colon != std::string_view::npos) {
      incoming_.headers.add(std::string(trim(line.substr(0, colon))), std::string(trim(line.substr(colon + 1))));
    }
    return;
  }
  if (incoming_.status < 200) return;
  head_done_ = true;
  std::lock_guard lock(mutex_);
  head_ = {incoming_.status, without_encoding(std::move(incoming_.headers))};
  head_ready_ = true;
  last_activity_ = std::chrono::steady_clock::now();
  changed_.notify_all();
}

std::size_t Transfer::on_header(char* data, std::size_t size, std::size_t count, void* self) {
  static_cast<Transfer*>(self)->take_header_line({data, size * count});
  return size * count;
}

std::size_t Transfer::on_bytes(char* data, std::size_t size, std::size_t count, void* self) {
  auto& transfer = *static_cast<Transfer*>(self);
  std::lock_guard lock(transfer.mutex_);
  if (transfer.bytes_.size() >= kMaxWaitingBytes) {
    transfer.paused_ = true;
    return CURL_WRITEFUNC_PAUSE;
  }
  transfer.bytes_.append(data, size * count);
  transfer.last_activity_ = std::chrono::steady_clock::now();
  transfer.changed_.notify_all();
  return size * count;
}

std::size_t Transfer::on_read(char* buffer, std::size_t size, std::size_t count, void* self) {
  try {
    return static_cast<Transfer*>(self)->request_.body_source(buffer, size * count);
  } catch (...) {
    return CURL_READFUNC_ABORT;
  }
}

int Transfer::on_progress(void* self, curl_off_t, curl_off_t received, curl_off_t, curl_off_t sent) {
  auto& transfer = *static_cast<Transfer*>(self);
  if (received + sent == transfer.moved_bytes_) return 0;
  transfer.moved_bytes_ = received + sent;
  std::lock_guard lock(transfer.mutex_);
  transfer.last_activity_ = std::chrono::steady_clock::now();
  return 0;
}

// libcurl connects by itself: 7.88 ignores CURL_SOCKOPT_ALREADY_CONNECTED and would connect a second time.
curl_socket_t Transfer::on_open_socket(void* self, curlsocktype, curl_sockaddr* address) {
  auto& transfer = *static_cast<Transfer*>(self);
  auto file = open_socket_file(unix_path_of(transfer.request_.endpoint->url));
  if (!file) {
    transfer.connect_error_ = file.error();
    return CURL_SOCKET_BAD;
  }
  transfer.connect_error_.reset();
  transfer.socket_file_ = std::move(*file);
  sockaddr_un target{};
  target.sun_family = AF_UNIX;
  std::snprintf(target.sun_path, sizeof target.sun_path, "/proc/self/fd/%d", transfer.socket_file_.get());
  address->family = AF_UNIX;
  address->socktype = SOCK_STREAM;
  address->protocol = 0;
  address->addrlen = sizeof target;
  // libcurl has a sockaddr_storage there.
  std::memcpy(static_cast<void*>(&address->addr), &target, sizeof target);
  transfer.new_socket_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  return transfer.new_socket_;
}

// Before anything is sent. A pooled connection went through this when it was new.
int Transfer::on_connected(void* self, char*, char*, int, int) {
  auto& transfer = *static_cast<Transfer*>(self);
  transfer.socket_file_.reset();
  const Endpoint& endpoint = *transfer.request_.endpoint;
  const curl_socket_t fd = std::exchange(transfer.new_socket_, CURL_SOCKET_BAD);
  if (fd == CURL_SOCKET_BAD) return CURL_PREREQFUNC_OK;
  sockaddr_un peer{};
  socklen_t size = sizeof peer;
  if (::getpeername(fd, reinterpret_cast<sockaddr*>(&peer), &size) != 0) {
    transfer.peer_was_busy_ = true;
    return CURL_PREREQFUNC_ABORT;
  }
  if (!endpoint.peer_uid) return CURL_PREREQFUNC_OK;
  auto checked = check_peer(fd, *endpoint.peer_uid, endpoint.url);
  if (checked) return CURL_PREREQFUNC_OK;
  transfer.connect_error_ = checked.error();
  return CURL_PREREQFUNC_ABORT;
}

}  // namespace ottobot::net
