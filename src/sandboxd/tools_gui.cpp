// gui_click, gui_type, gui_key, gui_screenshot, gui_get_window_info.
#include <algorithm>
#include <array>

#include "mcp/base64.hpp"
#include "sandboxd/gui.hpp"
#include "sandboxd/text.hpp"
#include "sandboxd/tool.hpp"
#include "sandboxd/window_json.hpp"
#include "x11/pointer.hpp"
#include "x11/screen.hpp"

namespace ottobot::sandboxd {
namespace {

constexpr std::size_t kMaxTypedBytes = 100000;
constexpr std::int64_t kMaxClicks = 50;
// As base64 it must fit into one MCP message of 16 MiB, and with others into one request to a model.
constexpr std::size_t kMaxPictureBytes = 8U << 20U;

// In X's order: its buttons count from 1.
constexpr std::array<const char*, 7> kButtons{"left",        "middle",      "right",       "scroll_up",
                                              "scroll_down", "scroll_left", "scroll_right"};

Result<int> coordinate(const Json& args, const char* name) {
  const std::int64_t value = get_int(args, name, INT64_MIN);
  if (value == INT64_MIN) return invalid_field(name, "must be an integer");
  return static_cast<int>(std::clamp<std::int64_t>(value, INT32_MIN, INT32_MAX));
}

Result<x11::Point> read_point(const Json& args, const char* x_name, const char* y_name) {
  auto x = coordinate(args, x_name);
  if (!x) return fail(x.error());
  auto y = coordinate(args, y_name);
  if (!y) return fail(y.error());
  return x11::Point{*x, *y};
}

Result<x11::Click> read_click(const Json& args) {
  x11::Click click;
  auto at = read_point(args, "x", "y");
  if (!at) return fail(at.error());
  click.at = *at;
  const std::string button = get_string(args, "button", kButtons.front());
  const auto known = std::find(kButtons.begin(), kButtons.end(), button);
  if (known == kButtons.end()) return invalid_field("button", "must be left, middle, right or scroll_…");
  click.button = static_cast<std::uint8_t>(known - kButtons.begin() + 1);
  const std::int64_t clicks = get_int(args, "clicks", 1);
  if (clicks < 1 || clicks > kMaxClicks) return invalid_field("clicks", "must be from 1 to 50");
  click.count = static_cast<int>(clicks);
  auto modifiers = x11::parse_modifiers(get_string(args, "modifiers"));
  if (!modifiers) return fail(modifiers.error());
  click.modifiers = std::move(*modifiers);
  if (args.contains("to_x") || args.contains("to_y")) {
    auto to = read_point(args, "to_x", "to_y");
    if (!to) return fail(to.error());
    click.drag_to = *to;
  }
  return click;
}

std::string in_words(x11::Point point) { return "(" + std::to_string(point.x) + ", " + std::to_string(point.y) + ")"; }

Result<mcp::CallToolResult> gui_click(const ToolWorld& world, const ToolScope& scope) {
  auto click = read_click(scope.args);
  if (!click) return fail(click.error());
  return world.gui.with_desktop(scope.ctx, [&](Hands hands, const CallContext& ctx) -> Result<mcp::CallToolResult> {
    if (auto done = x11::click(hands.connection, hands.keyboard, *click, ctx); !done) return fail(done.error());
    std::string text = click->drag_to ? "Dragged" : "Clicked";
    text += std::string(" with ") + kButtons.at(click->button - 1U) + " at " + in_words(click->at);
    if (click->drag_to) {
      text += " to " + in_words(*click->drag_to);
    } else if (click->count > 1) {
      text += ", " + std::to_string(click->count) + " times";
    }
    return mcp::text_result(text);
  });
}

// Where keys go, for the model to see when that is not where it thought.
std::string to_whom(x11::Connection& connection, const CallContext& ctx) {
  auto windows = x11::list_windows(connection, ctx);
  if (!windows) return {};
  for (const x11::Window& window : *windows) {
    if (window.active) return " in window " + std::to_string(window.id) + " \"" + window.title + "\"";
  }
  return "; no window is active";
}

Result<mcp::CallToolResult> gui_type(const ToolWorld& world, const ToolScope& scope) {
  auto text = required_string(scope.args, "text");
  if (!text) return fail(text.error());
  if (text->size() > kMaxTypedBytes)
    return invalid_field("text", "must have at most 100000 bytes; write_file writes longer ones into a file");
  auto keys = x11::keys_of_text(*text);
  if (!keys) return fail(keys.error());
  return world.gui.with_desktop(scope.ctx, [&](Hands hands, const CallContext& ctx) -> Result<mcp::CallToolResult> {
    const std::string where = to_whom(hands.connection, ctx);
    if (auto typed = hands.keyboard.type(*keys, ctx); !typed) return fail(typed.error());
    return mcp::text_result("Typed " + std::to_string(keys->size()) +
                            (keys->size() == 1 ? " character" : " characters") + where);
  });
}

Result<mcp::CallToolResult> gui_key(const ToolWorld& world, const ToolScope& scope) {
  auto key = required_string(scope.args, "key");
  if (!key) return fail(key.error());
  auto chord = x11::parse_chord(*key);
  if (!chord) return fail(chord.error());
  return world.gui.with_desktop(scope.ctx, [&](Hands hands, const CallContext& ctx) -> Result<mcp::CallToolResult> {
    const std::string where = to_whom(hands.connection, ctx);
    if (auto pressed = hands.keyboard.press(*chord, ctx); !pressed) return fail(pressed.error());
    return mcp::text_result("Pressed " + *key + where);
  });
}

Result<mcp::CallToolResult> gui_screenshot(const ToolWorld& world, const ToolScope& scope) {
  return world.gui.with_desktop(scope.ctx, [](Hands hands, const CallContext& ctx) -> Result<mcp::CallToolResult> {
    auto picture = x11::take_picture(hands.connection, ctx);
    if (!picture) return fail(picture.error());
    if (picture->png.size() > kMaxPictureBytes) {
      return resource_exhausted(
          "the screenshot has " + human_bytes(picture->png.size()) + ", more than " + human_bytes(kMaxPictureBytes),
          "cover what is noisy on the screen, or look at a part of it with other tools");
    }
    const auto [width, height] = picture->size;
    mcp::CallToolResult result = mcp::text_result("The screen, " + std::to_string(width) + "x" +
                                                  std::to_string(height) + " pixels, (0, 0) at the top left");
    result.content.push_back(
        {{"type", "image"}, {"mimeType", "image/png"}, {"data", mcp::encode_base64(picture->png)}});
    result.structured = {{"width", width}, {"height", height}};
    return result;
  });
}

Result<mcp::CallToolResult> gui_get_window_info(const ToolWorld& world, const ToolScope& scope) {
  return world.gui.with_desktop(scope.ctx, [](Hands hands, const CallContext& ctx) -> Result<mcp::CallToolResult> {
    auto windows = x11::list_windows(hands.connection, ctx);
    if (!windows) return fail(windows.error());
    auto screen = hands.connection.screen_size(ctx);
    if (!screen) return fail(screen.error());
    auto area = x11::work_area(hands.connection, ctx);
    if (!area) return fail(area.error());
    mcp::CallToolResult result =
        mcp::text_result("Screen " + std::to_string(screen->width) + "x" + std::to_string(screen->height) +
                         ", without panels " + std::to_string(area->width) + "x" + std::to_string(area->height) +
                         " at " + in_words({area->x, area->y}) + "\n" + to_lines(*windows));
    result.structured = {{"screen", {{"width", screen->width}, {"height", screen->height}}},
                         {"work_area", to_json(*area)},
                         {"active_window", nullptr},
                         {"windows", Json::array()}};
    for (const x11::Window& window : *windows) {
      result.structured["windows"].push_back(to_json(window));
      if (window.active) result.structured["active_window"] = to_json(window);
    }
    return result;
  });
}

mcp::Tool click_spec() {
  mcp::Tool tool = describe_tool(
      "gui_click",
      "Click on the desktop at a point of the screenshot. Also scrolls (button scroll_…, clicks = notches) and drags "
      "(to_x, to_y).",
      {{"x", "integer", "Pixels from the left"},
       {"y", "integer", "Pixels from the top"},
       {"button", "string", "left when left out", false},
       {"clicks", "integer", "2 = double click; 1 when left out", false, 1},
       {"modifiers", "string", "Held meanwhile, such as ctrl or ctrl+shift", false},
       {"to_x", "integer", "Drag to here", false},
       {"to_y", "integer", "Drag to here", false}},
      kWrites);
  tool.input_schema["properties"]["button"]["enum"] = kButtons;
  return tool;
}

}  // namespace

std::vector<SandboxTool> make_gui_tools(const ToolWorld& world) {
  return {
      {"gui", click_spec(), [world](const ToolScope& scope) { return gui_click(world, scope); }},
      {"gui",
       describe_tool("gui_type",
                     "Type text into the active window, as a person would: any Unicode character; a line break is the "
                     "Return key.",
                     {{"text", "string", "What to type"}}, kWrites),
       [world](const ToolScope& scope) { return gui_type(world, scope); }},
      {"gui",
       describe_tool("gui_key", "Press a key or a combination in the active window.",
                     {{"key", "string", "Such as Return, Escape, F5, Page_Down, ctrl+shift+t, alt+F4"}}, kWrites),
       [world](const ToolScope& scope) { return gui_key(world, scope); }},
      {"gui", describe_tool("gui_screenshot", "A picture of the desktop.", {}, kReadOnly),
       [world](const ToolScope& scope) { return gui_screenshot(world, scope); }},
      {"gui",
       describe_tool("gui_get_window_info", "The active window, all windows, and the size of the screen.", {},
                     kReadOnly),
       [world](const ToolScope& scope) { return gui_get_window_info(world, scope); }},
  };
}

}  // namespace ottobot::sandboxd
