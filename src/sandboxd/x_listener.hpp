// The sockets of an X display, held before there is an X server: clients that connect wait in the backlog, and the
// server inherits the sockets when it starts (systemd's socket activation, which Xvnc understands).
#pragma once

#include <string>

#include "net/unique_fd.hpp"
#include "ottobot/call_context.hpp"

namespace ottobot::sandboxd {

class XListener {
 public:
  // The first free display from `first` on. Errors: unavailable (none free), those of mkdir (/tmp/.X11-unix).
  static Result<XListener> open(int first);
  XListener(XListener&&) noexcept = default;
  XListener& operator=(XListener&&) noexcept = default;
  ~XListener();

  int display() const { return display_; }
  // Both are listening: clients try the abstract one first.
  int file_socket() const { return file_.get(); }
  int abstract_socket() const { return abstract_.get(); }
  // A connection to the display, which its server answers as soon as there is one. Errors: unavailable, cancelled,
  // deadline_exceeded (too many wait already).
  Result<net::UniqueFd> connect(const CallContext& ctx) const;
  // Drops what a killed server left.
  void remove_lock() const;

 private:
  XListener(int display, net::UniqueFd file, net::UniqueFd abstract);
  int display_ = 0;
  net::UniqueFd file_, abstract_;
};

}  // namespace ottobot::sandboxd
