#include "sandboxd/gui.hpp"

#include <algorithm>

#include "net/process/spawn.hpp"
#include "ottobot/clock.hpp"
#include "x11/windows.hpp"

namespace ottobot::sandboxd {
namespace {

constexpr std::chrono::seconds kCallPatience{60};
constexpr std::chrono::seconds kStartPatience{20};
constexpr std::chrono::seconds kOwnWindowsPatience{10};
constexpr std::chrono::milliseconds kPoll{10};
constexpr const char* kConsoleTitle = "OttoBot console";

bool shows_console(x11::Connection& connection, const CallContext& ctx) {
  const auto windows = x11::list_windows(connection, ctx);
  return windows && std::any_of(windows->begin(), windows->end(),
                                [](const x11::Window& window) { return window.title == kConsoleTitle; });
}

}  // namespace

Result<void> Gui::check() const {
  if (desktop_ == nullptr) return unavailable("this sandbox has no desktop");
  return desktop_->check();
}

Result<void> Gui::acquire(const CallContext& ctx) {
  std::unique_lock lock(mutex_);
  if (freed_.wait_until(lock, ctx.stop, ctx.deadline, [this] { return !is_busy_; })) {
    is_busy_ = true;
    return {};
  }
  auto ended = ctx.check();
  return ended ? deadline_exceeded("another call uses the desktop")
               : fail(ended.error(), "another call uses the desktop");
}

void Gui::release() {
  {
    std::lock_guard lock(mutex_);
    is_busy_ = false;
  }
  freed_.notify_all();
}

Result<std::unique_ptr<x11::Connection>> Gui::open_connection(const CallContext& ctx) {
  for (;;) {
    auto socket = desktop_->connect_display(ctx);
    if (!socket) return fail(socket.error());
    auto connection = x11::Connection::open(std::move(*socket), ctx);
    // A server that ends takes those with it that it has just let in; the next one is on its way.
    if (connection || connection.error().code != ErrorCode::unavailable) return connection;
    if (auto slept = system_clock().sleep_for(kPoll, ctx); !slept) return fail(connection.error());
  }
}

Result<void> Gui::connect(const CallContext& ctx) {
  if (display_.connection) {
    const x11::Limit limit(display_.connection->socket(), ctx);
    if (!display_.connection->is_broken() && display_.connection->sync(ctx)) return {};
  }
  display_ = {};
  auto connection = open_connection(ctx.within(kStartPatience));
  if (!connection) {
    const bool timed_out = connection.error().code == ErrorCode::deadline_exceeded;
    return timed_out ? unavailable("the desktop did not start within " + std::to_string(kStartPatience.count()) + " s",
                                   "try again; the sandbox's log says why")
                     : fail(connection.error());
  }
  display_.connection = std::move(*connection);
  display_.keyboard = std::make_unique<x11::Keyboard>(*display_.connection);
  return wait_for_own_windows(ctx);
}

// Without a window manager, windows are bare and on no list; a console window that comes up later would take the
// keyboard. What does not come up is done without.
Result<void> Gui::wait_for_own_windows(const CallContext& ctx) {
  if (!desktop_->has_window_manager()) return {};
  const bool has_console = net::has_program("xterm");
  const CallContext limited = ctx.within(kOwnWindowsPatience);
  x11::Connection& connection = *display_.connection;
  const x11::Limit limit(connection.socket(), ctx);
  while (!connection.has_window_manager() || (has_console && !shows_console(connection, ctx))) {
    if (connection.is_broken()) return connection.failure(ctx);
    if (!system_clock().sleep_for(kPoll, limited)) return ctx.check();
  }
  return {};
}

Result<mcp::CallToolResult> Gui::with_desktop(const CallContext& ctx, const GuiWork& work) {
  if (auto there = check(); !there) return fail(there.error());
  const CallContext limited = ctx.within(kCallPatience);
  if (auto ours = acquire(limited); !ours) return fail(ours.error());
  const std::shared_ptr<void> releaser(nullptr, [this](void*) { release(); });
  if (auto connected = connect(limited); !connected) return fail(connected.error());
  const x11::Limit limit(display_.connection->socket(), limited);
  return work({*display_.connection, *display_.keyboard}, limited);
}

}  // namespace ottobot::sandboxd
