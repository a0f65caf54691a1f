#include "sandboxd/window_json.hpp"

#include <charconv>

namespace ottobot::sandboxd {
namespace {

const char* state_of(const x11::Window& window) {
  if (window.minimized) return "minimized";
  if (window.fullscreen) return "fullscreen";
  return window.maximized ? "maximized" : "normal";
}

}  // namespace

Json to_json(const x11::Rectangle& rectangle) {
  return {{"x", rectangle.x}, {"y", rectangle.y}, {"width", rectangle.width}, {"height", rectangle.height}};
}

Json to_json(const x11::Window& window) {
  Json json = to_json(window.outer);
  json["id"] = window.id;
  json["title"] = window.title;
  json["class"] = window.window_class;
  json["state"] = state_of(window);
  json["active"] = window.active;
  if (window.desktop) json["desktop"] = *window.desktop;
  if (window.pid != 0) json["pid"] = window.pid;
  return json;
}

std::string to_line(const x11::Window& window) {
  const std::string state = state_of(window);
  std::string line = "id " + std::to_string(window.id) + "  \"" + window.title + "\"";
  if (!window.window_class.empty()) line += " (" + window.window_class + ")";
  line += "  " + std::to_string(window.outer.width) + "x" + std::to_string(window.outer.height) + " at (" +
          std::to_string(window.outer.x) + ", " + std::to_string(window.outer.y) + ")";
  if (state != "normal") line += "  " + state;
  return window.active ? line + "  active" : line;
}

std::string to_lines(const std::vector<x11::Window>& windows) {
  if (windows.empty()) return "no windows are open";
  std::string lines;
  for (const x11::Window& window : windows) lines += (lines.empty() ? "" : "\n") + to_line(window);
  return lines;
}

Result<xcb_window_t> read_window_id(const Json& args) {
  constexpr const char* kName = "windowId";
  const Json* value = find_member(args, kName);
  if (value != nullptr && value->is_number()) {
    const std::int64_t number = get_int(args, kName, -1);
    if (number > 0 && number <= UINT32_MAX) return static_cast<xcb_window_t>(number);
  } else if (value != nullptr && value->is_string()) {
    std::string_view text = value->get_ref<const std::string&>();
    const bool is_hex = text.starts_with("0x") || text.starts_with("0X");
    if (is_hex) text.remove_prefix(2);
    xcb_window_t id = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id, is_hex ? 16 : 10);
    if (error == std::errc{} && end == text.data() + text.size() && id != 0) return id;
  }
  return invalid_field(kName,
                       "must be a window's id: a number such as 4194316 or \"0x40000c\"; gui_find_window gives it");
}

}  // namespace ottobot::sandboxd
