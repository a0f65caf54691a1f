#include "x11/window_actions.hpp"

#include <xcb/xcb_icccm.h>

#include <algorithm>
#include <functional>

#include "ottobot/clock.hpp"

namespace ottobot::x11 {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kPatience{3000};
constexpr milliseconds kPoll{5};
constexpr milliseconds kStill{150};  // a window that does not change for so long has found its size
constexpr xcb_ewmh_client_source_type_t kSource = XCB_EWMH_CLIENT_SOURCE_TYPE_OTHER;  // a tool of the user's

using Condition = std::function<bool(const Window&)>;

// The window as soon as `condition` holds of it, or after a while as it is then.
Result<Window> wait_for(Connection& connection, xcb_window_t id, const Condition& condition, const CallContext& ctx) {
  const auto until = std::chrono::steady_clock::now() + kPatience;
  for (;;) {
    auto window = find_window(connection, id, ctx);
    if (!window || condition(*window) || std::chrono::steady_clock::now() >= until) return window;
    if (auto slept = system_clock().sleep_for(kPoll, ctx); !slept) return fail(slept.error());
  }
}

Failure not_done(const Window& window, const std::string& what) {
  return unavailable("the window manager did not " + what + " '" + window.title + "'",
                     "the window may not allow it, or a dialog is in front of it");
}

Result<Window> activate_directly(Connection& connection, const Window& window, const CallContext& ctx) {
  constexpr std::uint32_t kAbove = XCB_STACK_MODE_ABOVE;
  xcb_configure_window(connection.xcb(), window.id, XCB_CONFIG_WINDOW_STACK_MODE, &kAbove);
  xcb_set_input_focus(connection.xcb(), XCB_INPUT_FOCUS_PARENT, window.id, XCB_CURRENT_TIME);
  return wait_for(
      connection, window.id, [](const Window& now) { return now.active; }, ctx);
}

void request_state(Connection& connection, xcb_window_t id, xcb_ewmh_wm_state_action_t action, xcb_atom_t first,
                   xcb_atom_t second) {
  xcb_ewmh_request_change_wm_state(connection.ewmh(), 0, id, action, first, second, kSource);
}

// An ordinary window, which can be moved.
Result<Window> restore(Connection& connection, Window window, const CallContext& ctx) {
  xcb_ewmh_connection_t* ewmh = connection.ewmh();
  if (window.minimized) {
    auto shown = activate(connection, window.id, ctx);
    if (!shown) return shown;
    window = std::move(*shown);
  }
  if (window.fullscreen)
    request_state(connection, window.id, XCB_EWMH_WM_STATE_REMOVE, ewmh->_NET_WM_STATE_FULLSCREEN, XCB_NONE);
  // Also one that is so in one direction only, which counts as neither.
  request_state(connection, window.id, XCB_EWMH_WM_STATE_REMOVE, ewmh->_NET_WM_STATE_MAXIMIZED_VERT,
                ewmh->_NET_WM_STATE_MAXIMIZED_HORZ);
  return wait_for(
      connection, window.id, [](const Window& now) { return !now.maximized && !now.fullscreen && !now.minimized; },
      ctx);
}

// While it lives, the window manager does not round the window's size to the steps that its program asks for.
class NoSizeSteps {
 public:
  NoSizeSteps(Connection& connection, xcb_window_t id) : connection_(connection), id_(id) {
    xcb_connection_t* xcb = connection_.xcb();
    if (xcb_icccm_get_wm_normal_hints_reply(xcb, xcb_icccm_get_wm_normal_hints(xcb, id), &hints_, nullptr) == 0) return;
    if ((hints_.flags & XCB_ICCCM_SIZE_HINT_P_RESIZE_INC) == 0) return;
    changed_ = true;
    xcb_size_hints_t free = hints_;
    free.flags &= ~static_cast<std::uint32_t>(XCB_ICCCM_SIZE_HINT_P_RESIZE_INC);
    xcb_icccm_set_wm_normal_hints(xcb, id, &free);
  }
  ~NoSizeSteps() {
    if (!changed_) return;
    xcb_icccm_set_wm_normal_hints(connection_.xcb(), id_, &hints_);
    xcb_flush(connection_.xcb());
  }
  NoSizeSteps(const NoSizeSteps&) = delete;
  NoSizeSteps& operator=(const NoSizeSteps&) = delete;

 private:
  Connection& connection_;
  const xcb_window_t id_;
  xcb_size_hints_t hints_{};
  bool changed_ = false;
};

// Without a window manager: what is outside is the window itself.
void configure(Connection& connection, xcb_window_t id, const Rectangle& target) {
  const std::uint32_t values[] = {static_cast<std::uint32_t>(target.x), static_cast<std::uint32_t>(target.y),
                                  static_cast<std::uint32_t>(target.width), static_cast<std::uint32_t>(target.height)};
  xcb_configure_window(connection.xcb(), id,
                       XCB_CONFIG_WINDOW_X | XCB_CONFIG_WINDOW_Y | XCB_CONFIG_WINDOW_WIDTH | XCB_CONFIG_WINDOW_HEIGHT,
                       values);
}

void request_geometry(Connection& connection, const Window& window, const Rectangle& target) {
  if (!connection.has_window_manager()) {
    configure(connection, window.id, target);
    return;
  }
  constexpr auto kAll = static_cast<xcb_ewmh_moveresize_window_opt_flags_t>(
      XCB_EWMH_MOVERESIZE_WINDOW_X | XCB_EWMH_MOVERESIZE_WINDOW_Y | XCB_EWMH_MOVERESIZE_WINDOW_WIDTH |
      XCB_EWMH_MOVERESIZE_WINDOW_HEIGHT);
  const int width = std::max(1, target.width - window.frame.left - window.frame.right);
  const int height = std::max(1, target.height - window.frame.top - window.frame.bottom);
  xcb_ewmh_request_moveresize_window(connection.ewmh(), 0, window.id, XCB_GRAVITY_NORTH_WEST, kSource, kAll,
                                     static_cast<std::uint32_t>(target.x), static_cast<std::uint32_t>(target.y),
                                     static_cast<std::uint32_t>(width), static_cast<std::uint32_t>(height));
}

// Until it is where it should be, or has come to rest elsewhere.
Result<Window> wait_for_geometry(Connection& connection, const Window& before, const Rectangle& target,
                                 const CallContext& ctx) {
  Rectangle last = before.outer;
  auto since = std::chrono::steady_clock::now();
  return wait_for(
      connection, before.id,
      [&](const Window& now) {
        if (now.outer == target) return true;
        const auto time = std::chrono::steady_clock::now();
        if (now.outer != last) since = time;
        last = now.outer;
        return now.outer != before.outer && time - since >= kStill;
      },
      ctx);
}

}  // namespace

Result<Window> activate(Connection& connection, xcb_window_t id, const CallContext& ctx) {
  auto window = find_window(connection, id, ctx);
  if (!window) return window;
  if (!connection.has_window_manager()) return activate_directly(connection, *window, ctx);
  xcb_ewmh_request_change_active_window(connection.ewmh(), 0, id, kSource, XCB_CURRENT_TIME, XCB_NONE);
  auto now = wait_for(
      connection, id, [](const Window& w) { return w.active && !w.minimized; }, ctx);
  if (now && (!now->active || now->minimized)) return not_done(*now, "activate");
  return now;
}

Result<Window> minimize(Connection& connection, xcb_window_t id, const CallContext& ctx) {
  auto window = find_window(connection, id, ctx);
  if (!window) return window;
  if (!connection.has_window_manager()) {
    return unsupported("no window manager runs, which is what minimises windows", "install jwm in the sandbox");
  }
  constexpr std::string_view kName = "WM_CHANGE_STATE";
  xcb_connection_t* xcb = connection.xcb();
  auto atom = own(xcb_intern_atom_reply(xcb, xcb_intern_atom(xcb, 0, kName.size(), kName.data()), nullptr));
  if (!atom) return connection.failure(ctx);
  xcb_client_message_event_t message{};
  message.response_type = XCB_CLIENT_MESSAGE;
  message.format = 32;
  message.window = id;
  message.type = atom->atom;
  message.data.data32[0] = XCB_ICCCM_WM_STATE_ICONIC;
  xcb_send_event(xcb, 0, connection.root(), XCB_EVENT_MASK_SUBSTRUCTURE_NOTIFY | XCB_EVENT_MASK_SUBSTRUCTURE_REDIRECT,
                 reinterpret_cast<const char*>(&message));
  auto now = wait_for(
      connection, id, [](const Window& w) { return w.minimized; }, ctx);
  if (now && !now->minimized) return not_done(*now, "minimise");
  return now;
}

Result<Window> arrange(Connection& connection, xcb_window_t id, const Arrangement& wanted, const CallContext& ctx) {
  auto window = find_window(connection, id, ctx);
  if (!window) return window;
  if (connection.has_window_manager()) {
    window = restore(connection, std::move(*window), ctx);
    if (!window) return window;
  }
  const Rectangle target{wanted.x.value_or(window->outer.x), wanted.y.value_or(window->outer.y),
                         wanted.width.value_or(window->outer.width), wanted.height.value_or(window->outer.height)};
  if (target == window->outer) return window;
  std::optional<NoSizeSteps> no_steps;
  if (wanted.exact_size) no_steps.emplace(connection, id);
  request_geometry(connection, *window, target);
  auto now = wait_for_geometry(connection, *window, target, ctx);
  if (now && now->outer == window->outer) return not_done(*now, "move or resize");
  return now;
}

}  // namespace ottobot::x11
