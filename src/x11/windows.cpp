#include "x11/windows.hpp"

#include <xcb/xcb_icccm.h>

#include <algorithm>
#include <cstring>
#include <span>

#include "ottobot/json.hpp"

namespace ottobot::x11 {
namespace {

constexpr std::uint32_t kMaxPropertyWords = 1024;
constexpr std::size_t kMaxTitleBytes = 1000;

std::string latin1_to_utf8(std::string_view text) {
  std::string utf8;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80) {
      utf8 += c;
    } else {
      utf8 += static_cast<char>(0xC0U | (byte >> 6U));
      utf8 += static_cast<char>(0x80U | (byte & 0x3FU));
    }
  }
  return utf8;
}

// A property of text as UTF-8; empty if there is none.
std::string read_text(Connection& connection, xcb_window_t window, xcb_atom_t property) {
  auto reply = own(xcb_get_property_reply(
      connection.xcb(), xcb_get_property(connection.xcb(), 0, window, property, XCB_ATOM_ANY, 0, kMaxPropertyWords),
      nullptr));
  if (!reply || reply->format != 8) return {};
  std::string text(static_cast<const char*>(xcb_get_property_value(reply.get())),
                   static_cast<std::size_t>(xcb_get_property_value_length(reply.get())));
  text.resize(std::min(text.size(), kMaxTitleBytes));
  return reply->type == XCB_ATOM_STRING ? latin1_to_utf8(text) : to_valid_utf8(text);
}

void read_class(Connection& connection, Window& window) {
  const std::string both = read_text(connection, window.id, XCB_ATOM_WM_CLASS);
  const std::size_t end = both.find('\0');
  window.instance = both.substr(0, end);
  if (end != std::string::npos) window.window_class = both.c_str() + end + 1;
}

// ICCCM 4.1.3.1.
bool is_iconic(Connection& connection, xcb_window_t window) {
  constexpr std::string_view kName = "WM_STATE";
  xcb_connection_t* xcb = connection.xcb();
  auto atom = own(xcb_intern_atom_reply(xcb, xcb_intern_atom(xcb, 1, kName.size(), kName.data()), nullptr));
  if (!atom || atom->atom == XCB_ATOM_NONE) return false;
  auto state =
      own(xcb_get_property_reply(xcb, xcb_get_property(xcb, 0, window, atom->atom, atom->atom, 0, 2), nullptr));
  if (!state || state->format != 32 || xcb_get_property_value_length(state.get()) < 4) return false;
  std::uint32_t value = 0;
  std::memcpy(&value, xcb_get_property_value(state.get()), sizeof value);
  return value == XCB_ICCCM_WM_STATE_ICONIC;
}

void read_states(Connection& connection, Window& window) {
  xcb_ewmh_connection_t* ewmh = connection.ewmh();
  xcb_ewmh_get_atoms_reply_t states;
  window.minimized = is_iconic(connection, window.id);
  if (xcb_ewmh_get_wm_state_reply(ewmh, xcb_ewmh_get_wm_state(ewmh, window.id), &states, nullptr) == 0) return;
  bool wide = false;
  bool high = false;
  for (const xcb_atom_t state : std::span(states.atoms, states.atoms_len)) {
    window.minimized = window.minimized || state == ewmh->_NET_WM_STATE_HIDDEN;
    window.fullscreen = window.fullscreen || state == ewmh->_NET_WM_STATE_FULLSCREEN;
    wide = wide || state == ewmh->_NET_WM_STATE_MAXIMIZED_HORZ;
    high = high || state == ewmh->_NET_WM_STATE_MAXIMIZED_VERT;
  }
  window.maximized = wide && high;
  xcb_ewmh_get_atoms_reply_wipe(&states);
}

// False when the window is gone.
bool read_geometry(Connection& connection, Window& window) {
  xcb_connection_t* xcb = connection.xcb();
  xcb_ewmh_connection_t* ewmh = connection.ewmh();
  auto place = own(xcb_translate_coordinates_reply(
      xcb, xcb_translate_coordinates(xcb, window.id, connection.root(), 0, 0), nullptr));
  auto size = own(xcb_get_geometry_reply(xcb, xcb_get_geometry(xcb, window.id), nullptr));
  if (!place || !size) return false;
  xcb_ewmh_get_extents_reply_t frame{};
  if (xcb_ewmh_get_frame_extents_reply(ewmh, xcb_ewmh_get_frame_extents(ewmh, window.id), &frame, nullptr) != 0) {
    window.frame = {static_cast<int>(frame.left), static_cast<int>(frame.right), static_cast<int>(frame.top),
                    static_cast<int>(frame.bottom)};
  }
  window.outer = {place->dst_x - window.frame.left, place->dst_y - window.frame.top,
                  size->width + window.frame.left + window.frame.right,
                  size->height + window.frame.top + window.frame.bottom};
  return true;
}

std::optional<Window> read_window(Connection& connection, xcb_window_t id, xcb_window_t active) {
  xcb_ewmh_connection_t* ewmh = connection.ewmh();
  Window window;
  window.id = id;
  if (!read_geometry(connection, window)) return std::nullopt;
  window.title = read_text(connection, id, ewmh->_NET_WM_NAME);
  if (window.title.empty()) window.title = read_text(connection, id, XCB_ATOM_WM_NAME);
  read_class(connection, window);
  read_states(connection, window);
  xcb_ewmh_get_wm_pid_reply(ewmh, xcb_ewmh_get_wm_pid(ewmh, id), &window.pid, nullptr);
  std::uint32_t desktop = 0;
  if (xcb_ewmh_get_wm_desktop_reply(ewmh, xcb_ewmh_get_wm_desktop(ewmh, id), &desktop, nullptr) != 0 &&
      desktop != ~0U) {
    window.desktop = desktop;
  }
  window.active = id == active;
  return window;
}

std::vector<xcb_window_t> managed_windows(Connection& connection) {
  xcb_ewmh_get_windows_reply_t clients;
  if (xcb_ewmh_get_client_list_reply(connection.ewmh(), xcb_ewmh_get_client_list(connection.ewmh(), 0), &clients,
                                     nullptr) == 0) {
    return {};
  }
  std::vector<xcb_window_t> ids(clients.windows, clients.windows + clients.windows_len);
  xcb_ewmh_get_windows_reply_wipe(&clients);
  return ids;
}

// Those that a window manager would manage.
std::vector<xcb_window_t> mapped_windows(Connection& connection) {
  xcb_connection_t* xcb = connection.xcb();
  std::vector<xcb_window_t> ids;
  auto tree = own(xcb_query_tree_reply(xcb, xcb_query_tree(xcb, connection.root()), nullptr));
  if (!tree) return ids;
  for (const xcb_window_t id : std::span(xcb_query_tree_children(tree.get()),
                                         static_cast<std::size_t>(xcb_query_tree_children_length(tree.get())))) {
    auto attributes = own(xcb_get_window_attributes_reply(xcb, xcb_get_window_attributes(xcb, id), nullptr));
    if (attributes && attributes->map_state == XCB_MAP_STATE_VIEWABLE && attributes->override_redirect == 0)
      ids.push_back(id);
  }
  return ids;
}

xcb_window_t active_window(Connection& connection, bool is_managed) {
  xcb_window_t active = XCB_NONE;
  if (is_managed) {
    xcb_ewmh_get_active_window_reply(connection.ewmh(), xcb_ewmh_get_active_window(connection.ewmh(), 0), &active,
                                     nullptr);
    return active;
  }
  auto focus = own(xcb_get_input_focus_reply(connection.xcb(), xcb_get_input_focus(connection.xcb()), nullptr));
  return focus ? focus->focus : active;
}

}  // namespace

Result<std::vector<Window>> list_windows(Connection& connection, const CallContext& ctx) {
  const bool is_managed = connection.has_window_manager();
  const xcb_window_t active = active_window(connection, is_managed);
  std::vector<Window> windows;
  for (const xcb_window_t id : is_managed ? managed_windows(connection) : mapped_windows(connection)) {
    if (auto window = read_window(connection, id, active)) windows.push_back(std::move(*window));
  }
  if (connection.is_broken()) return connection.failure(ctx);
  return windows;
}

Result<Window> find_window(Connection& connection, xcb_window_t id, const CallContext& ctx) {
  auto windows = list_windows(connection, ctx);
  if (!windows) return fail(windows.error());
  const auto found = std::find_if(windows->begin(), windows->end(), [&](const Window& w) { return w.id == id; });
  if (found == windows->end()) return not_found("no window has the id " + std::to_string(id));
  return std::move(*found);
}

Result<Rectangle> work_area(Connection& connection, const CallContext& ctx) {
  auto screen = connection.screen_size(ctx);
  if (!screen) return fail(screen.error());
  Rectangle area{0, 0, screen->width, screen->height};
  xcb_ewmh_connection_t* ewmh = connection.ewmh();
  xcb_ewmh_get_workarea_reply_t areas;
  if (!connection.has_window_manager() ||
      xcb_ewmh_get_workarea_reply(ewmh, xcb_ewmh_get_workarea(ewmh, 0), &areas, nullptr) == 0) {
    return area;
  }
  std::uint32_t desktop = 0;
  xcb_ewmh_get_current_desktop_reply(ewmh, xcb_ewmh_get_current_desktop(ewmh, 0), &desktop, nullptr);
  if (desktop < areas.workarea_len) {
    const xcb_ewmh_geometry_t& free = areas.workarea[desktop];
    area = {static_cast<int>(free.x), static_cast<int>(free.y), static_cast<int>(free.width),
            static_cast<int>(free.height)};
  }
  xcb_ewmh_get_workarea_reply_wipe(&areas);
  return area;
}

}  // namespace ottobot::x11
