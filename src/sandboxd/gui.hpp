// The desktop as the tools use it: started on demand, one call at a time, over one connection that is kept.
//
// Thread-safe. The desktop is borrowed for its life.
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>

#include "ottobot/mcp/types.hpp"
#include "sandboxd/desktop.hpp"
#include "x11/keyboard.hpp"

namespace ottobot::sandboxd {

// Borrowed during a call.
struct Hands {
  x11::Connection& connection;
  x11::Keyboard& keyboard;
};
using GuiWork = std::function<Result<mcp::CallToolResult>(Hands hands, const CallContext& ctx)>;

class Gui {
 public:
  // Null = there is none.
  explicit Gui(Desktop* desktop) : desktop_(desktop) {}

  // Starts the desktop if need be, waits for its own windows and for other calls, and does the work within a minute.
  // Errors: those of Desktop::connect_display and of the work, deadline_exceeded, cancelled.
  Result<mcp::CallToolResult> with_desktop(const CallContext& ctx, const GuiWork& work);
  // Why there is no desktop; an empty success when there is one, running or not.
  Result<void> check() const;

 private:
  struct Display {
    std::unique_ptr<x11::Connection> connection;
    std::unique_ptr<x11::Keyboard> keyboard;
  };
  Result<void> acquire(const CallContext& ctx);
  void release();
  Result<void> connect(const CallContext& ctx);
  Result<std::unique_ptr<x11::Connection>> open_connection(const CallContext& ctx);
  Result<void> wait_for_own_windows(const CallContext& ctx);

  Desktop* const desktop_;
  std::mutex mutex_;  // guards is_busy_
  std::condition_variable_any freed_;
  bool is_busy_ = false;
  Display display_;  // of the one call that is busy
};

}  // namespace ottobot::sandboxd
