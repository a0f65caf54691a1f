#include "net/server/listener.hpp"

#include <sys/socket.h>

#include <cerrno>
#include <thread>

namespace ottobot::net {

namespace {

constexpr std::chrono::milliseconds kBackOff{100};
constexpr int kAcceptsPerWakeup = 64;
constexpr std::chrono::milliseconds kHandshake{100};  // its last part may still be on its way
// Connections over the limit that are still told so; those over that are just closed.
constexpr std::size_t kRefusalSlots = 256;

}  // namespace

ListenerCore::ListenerCore(std::shared_ptr<const ListenerContext> context, std::shared_ptr<IoThreads> threads,
                           ListenSocket socket)
    : context_(std::move(context)),
      threads_(std::move(threads)),
      loop_(threads_->next()),
      port_(socket.port),
      unix_path_(std::move(socket.unix_path)),
      descriptor_(loop_->context(), socket.fd.release()),
      retry_(loop_->context()) {}

void ListenerCore::start() {
  loop_->post([self = shared_from_this()] { self->wait(); });
}

void ListenerCore::wait() {
  if (!descriptor_.is_open()) return;
  descriptor_.async_wait(asio::posix::stream_descriptor::wait_read,
                         [self = shared_from_this()](const asio::error_code& error) {
                           if (error != asio::error::operation_aborted) self->accept_all();
                         });
}

void ListenerCore::accept_all() {
  for (int i = 0; i < kAcceptsPerWakeup && descriptor_.is_open(); ++i) {
    if (accept_one()) continue;
    if (errno == EAGAIN || errno == EWOULDBLOCK) break;
    if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) return back_off(errno);
    // The rest are errors of that one connection (accept(2)).
  }
  wait();
}

bool ListenerCore::accept_one() {
  UniqueFd fd(::accept4(descriptor_.native_handle(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
  if (!fd) return false;
  complained_ = false;
  adopt(std::move(fd));
  return true;
}

void ListenerCore::adopt(UniqueFd fd) {
  const std::size_t open = context_->links->server_total();
  const std::size_t limit = context_->options.max_connections;
  if (open >= limit + kRefusalSlots) return;
  std::string peer = describe_peer(fd.get());
  auto loop = threads_->next();
  std::shared_ptr<TlsSession> tls;
  if (context_->listen.tls && !(tls = context_->listen.tls->accept(fd.get()))) return;
  Stream stream(loop, std::move(fd), std::move(tls));
  if (!stream.open()) return;
  auto connection = std::make_shared<Connection>(context_, std::move(stream), std::move(peer));
  context_->links->add(connection);
  loop->post([connection, refused = open >= limit] {
    if (refused) return connection->refuse_at_once(503, "too many connections");
    connection->start();
  });
}

void ListenerCore::back_off(int error) {
  if (!std::exchange(complained_, true)) {
    context_->logger.warn("cannot accept connections for now",
                          {{"reason", errno_error("accept", error).value().message}});
  }
  retry_.expires_after(kBackOff);
  retry_.async_wait([self = shared_from_this()](const asio::error_code& cancelled) {
    if (!cancelled) self->accept_all();
  });
}

void ListenerCore::close_socket() {
  if (!descriptor_.is_open()) return;
  asio::error_code ignored;
  descriptor_.close(ignored);
  retry_.cancel();
  if (!unix_path_.empty()) ::unlink(unix_path_.c_str());
}

void ListenerCore::stop_accepting() {
  const std::lock_guard lock(closing_);
  if (!closed_) close_socket_on_loop();
}

// A close resets what waits to be accepted, so nothing may.
bool ListenerCore::finish(std::chrono::milliseconds patience) {
  const auto until = std::chrono::steady_clock::now() + patience;
  {
    const std::lock_guard lock(closing_);
    if (closed_) return true;
    context_->links->drain();
    on_loop([this] {
      if (descriptor_.is_open()) ignore_new_connections(descriptor_.native_handle());
    });
    std::this_thread::sleep_for(kHandshake);
    on_loop([this] {
      while (descriptor_.is_open() && accept_one()) {
      }
      close_socket();
    });
  }
  const auto left = until - std::chrono::steady_clock::now();
  return context_->links->wait_until_none_waits(std::chrono::duration_cast<std::chrono::milliseconds>(left));
}

// And waits for it.
void ListenerCore::on_loop(std::function<void()> act) {
  auto done = std::make_shared<std::promise<void>>();
  auto acted = done->get_future();
  loop_->post([self = shared_from_this(), act = std::move(act), done] {
    act();
    done->set_value();
  });
  acted.wait();
}

void ListenerCore::close_socket_on_loop() {
  on_loop([this] { close_socket(); });
}

// The server closes its listeners before its loops end: a close after that finds it done already.
void ListenerCore::close() {
  const std::lock_guard lock(closing_);
  if (std::exchange(closed_, true)) return;
  close_socket_on_loop();
  context_->links->close_all();
}

}  // namespace ottobot::net
