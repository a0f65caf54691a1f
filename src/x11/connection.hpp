// A connection to an X server (core protocol X11R7.7, EWMH 1.5), over libxcb.
//
// libxcb's calls block without a deadline: a Limit on the stack bounds all that are made while it lives, by shutting
// the socket down when its time is up. The connection is broken from then on, as it is when the server goes; every
// reply is null then and failure() says why. One thread at a time.
#pragma once

#include <xcb/xcb.h>
#include <xcb/xcb_ewmh.h>

#include <condition_variable>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "net/unique_fd.hpp"
#include "ottobot/call_context.hpp"

namespace ottobot::x11 {

struct FreeDeleter {
  void operator()(void* memory) const { std::free(memory); }
};
// What libxcb hands out; null when the request failed.
template <class T>
using Reply = std::unique_ptr<T, FreeDeleter>;
template <class T>
Reply<T> own(T* reply) {
  return Reply<T>(reply);
}

struct Size {
  int width = 0, height = 0;
};

// Breaks the connection on `socket` half a second after `ctx` ended, unless it is destroyed by then. `ctx` must have a
// deadline; `socket` must stay open.
class Limit {
 public:
  Limit(int socket, const CallContext& ctx);
  ~Limit();
  Limit(const Limit&) = delete;
  Limit& operator=(const Limit&) = delete;

 private:
  std::mutex mutex_;
  std::condition_variable_any ended_;
  bool done_ = false;  // guarded by mutex_
  std::thread watcher_;
};

class Connection {
 public:
  // Takes a socket that is connected to a server. Errors: unavailable, and those of `ctx`.
  static Result<std::unique_ptr<Connection>> open(net::UniqueFd socket, const CallContext& ctx);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  xcb_connection_t* xcb() const { return xcb_; }
  xcb_ewmh_connection_t* ewmh() { return &ewmh_; }
  xcb_window_t root() const { return root_; }
  int socket() const { return xcb_get_file_descriptor(xcb_); }

  // Drops what the server sent unasked, so that a connection that broke in the meantime is seen to be.
  bool is_broken();
  // Waits until the server has done all requests so far. Errors: failure().
  Result<void> sync(const CallContext& ctx);
  // Why a reply is missing: the end of `ctx`, or unavailable.
  Failure failure(const CallContext& ctx) const;
  // Of the screen as it is now; it may be resized. Errors: failure().
  Result<Size> screen_size(const CallContext& ctx);
  // True while a window manager announces itself.
  bool has_window_manager();

 private:
  Connection(xcb_connection_t* xcb, xcb_window_t root) : xcb_(xcb), root_(root) {}
  xcb_connection_t* xcb_;
  xcb_window_t root_;
  xcb_ewmh_connection_t ewmh_{};
};

}  // namespace ottobot::x11
