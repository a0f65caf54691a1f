// Accepts connections on one listening socket and hands them to the I/O loops.
#pragma once

#include <asio/steady_timer.hpp>
#include <functional>
#include <future>
#include <mutex>

#include "net/server/connection.hpp"
#include "net/server/listen_socket.hpp"

namespace ottobot::net {

// Owned by the caller's Listener and, weakly, by the server: whoever ends first closes it.
class ListenerCore final : public std::enable_shared_from_this<ListenerCore> {
 public:
  ListenerCore(std::shared_ptr<const ListenerContext> context, std::shared_ptr<IoThreads> threads, ListenSocket socket);

  void start();
  int port() const { return port_; }
  void stop_accepting();
  bool finish(std::chrono::milliseconds patience);
  // Blocks until every connection is gone and no handler runs. Idempotent.
  void close();

 private:
  void on_loop(std::function<void()> act);
  void close_socket_on_loop();
  void wait();
  void accept_all();
  bool accept_one();
  void adopt(UniqueFd fd);
  void back_off(int error);
  void close_socket();

  const std::shared_ptr<const ListenerContext> context_;
  const std::shared_ptr<IoThreads> threads_;
  const std::shared_ptr<IoLoop> loop_;
  const int port_;
  const std::string unix_path_;
  asio::posix::stream_descriptor descriptor_;  // loop_'s thread, as all below
  asio::steady_timer retry_;
  bool complained_ = false;
  std::mutex closing_;   // held while close() runs
  bool closed_ = false;  // guarded by closing_
};

}  // namespace ottobot::net
