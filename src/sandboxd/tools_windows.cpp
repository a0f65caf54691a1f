// gui_find_window, gui_activate_window, and where windows are: move, resize, tile, minimise, centre.
#include <algorithm>

#include "ottobot/clock.hpp"
#include "regex/pcre2.hpp"
#include "sandboxd/gui.hpp"
#include "sandboxd/tool.hpp"
#include "sandboxd/window_json.hpp"
#include "x11/window_actions.hpp"

namespace ottobot::sandboxd {
namespace {

constexpr double kMaxWaitSeconds = 60;
constexpr std::chrono::milliseconds kPoll{50};
constexpr std::uint32_t kMatchSteps = 1000000;
constexpr std::uint32_t kMatchHeapKib = 16U << 10U;

// A pattern that is looked for anywhere in a text, letter case aside.
class NamePattern {
 public:
  static Result<NamePattern> compile(const std::string& pattern) {
    int error = 0;
    PCRE2_SIZE at = 0;
    regex::Code code(pcre2_compile(regex::bytes_of(pattern), pattern.size(),
                                   PCRE2_UTF | PCRE2_CASELESS | PCRE2_NEVER_BACKSLASH_C, &error, &at, nullptr));
    if (!code) {
      return invalid_field("namePattern", "is no regular expression: " + regex::message_of(error) + " at offset " +
                                              std::to_string(at) + " of '" + to_valid_utf8(pattern) + "'");
    }
    return NamePattern(std::move(code));
  }

  bool matches(const x11::Window& window) const {
    return finds(window.title) || finds(window.window_class) || finds(window.instance);
  }

 private:
  explicit NamePattern(regex::Code code)
      : code_(std::move(code)), data_(pcre2_match_data_create_from_pattern(code_.get(), nullptr)) {}
  // A pattern that gives up on a text does not match it.
  bool finds(const std::string& text) const {
    return pcre2_match(code_.get(), regex::bytes_of(text), text.size(), 0, 0, data_.get(), limits_.get()) >= 0;
  }
  regex::Code code_;
  regex::MatchData data_;
  regex::MatchContext limits_ = regex::match_limits(kMatchSteps, kMatchHeapKib);
};

mcp::CallToolResult found_result(const std::vector<x11::Window>& all, const std::vector<x11::Window>& found) {
  mcp::CallToolResult result =
      mcp::text_result(found.empty() ? "No window matches. What is open:\n" + to_lines(all) : to_lines(found));
  result.structured = {{"windows", Json::array()}};
  for (const x11::Window& window : found) result.structured["windows"].push_back(to_json(window));
  return result;
}

Result<mcp::CallToolResult> gui_find_window(const ToolWorld& world, const ToolScope& scope) {
  auto text = required_string(scope.args, "namePattern");
  if (!text) return fail(text.error());
  auto pattern = NamePattern::compile(*text);
  if (!pattern) return fail(pattern.error());
  const double wait = get_double(scope.args, "wait_s", 0);
  if (!(wait >= 0 && wait <= kMaxWaitSeconds)) return invalid_field("wait_s", "must be from 0 to 60");
  const auto until =
      std::chrono::steady_clock::now() + std::chrono::milliseconds(static_cast<std::int64_t>(wait * 1000));
  for (;;) {
    std::vector<x11::Window> found;
    auto result =
        world.gui.with_desktop(scope.ctx, [&](Hands hands, const CallContext& ctx) -> Result<mcp::CallToolResult> {
          auto all = x11::list_windows(hands.connection, ctx);
          if (!all) return fail(all.error());
          std::copy_if(all->begin(), all->end(), std::back_inserter(found),
                       [&](const x11::Window& window) { return pattern->matches(window); });
          return found_result(*all, found);
        });
    // The desktop is free for others in between.
    if (!result || !found.empty() || std::chrono::steady_clock::now() >= until) return result;
    if (auto slept = system_clock().sleep_for(kPoll, scope.ctx); !slept) return fail(slept.error());
  }
}

using Action = std::function<Result<x11::Window>(x11::Connection&, const x11::Window&, const CallContext&)>;

// Does `action` to the window that the arguments name; the answer says how it is then.
Result<mcp::CallToolResult> with_window(const ToolWorld& world, const ToolScope& scope, const Action& action) {
  auto id = read_window_id(scope.args);
  if (!id) return fail(id.error());
  return world.gui.with_desktop(scope.ctx, [&](Hands hands, const CallContext& ctx) -> Result<mcp::CallToolResult> {
    auto all = x11::list_windows(hands.connection, ctx);
    if (!all) return fail(all.error());
    const auto named = std::find_if(all->begin(), all->end(), [&](const x11::Window& w) { return w.id == *id; });
    if (named == all->end())
      return not_found("no window has the id " + std::to_string(*id) + ". What is open:\n" + to_lines(*all));
    auto now = action(hands.connection, *named, ctx);
    if (!now) return fail(now.error());
    mcp::CallToolResult result = mcp::text_result(to_line(*now));
    result.structured = {{"window", to_json(*now)}};
    return result;
  });
}

Result<int> dimension(const Json& args, const char* name, std::int64_t least) {
  const std::int64_t value = get_int(args, name, INT64_MIN);
  if (value < least || value > INT16_MAX)
    return invalid_field(name, "must be an integer from " + std::to_string(least) + " to " + std::to_string(INT16_MAX));
  return static_cast<int>(value);
}

Result<mcp::CallToolResult> arrange_pair(const ToolWorld& world, const ToolScope& scope, const char* first,
                                         const char* second, std::int64_t least,
                                         x11::Arrangement (*make)(int first, int second)) {
  auto one = dimension(scope.args, first, least);
  if (!one) return fail(one.error());
  auto two = dimension(scope.args, second, least);
  if (!two) return fail(two.error());
  return with_window(world, scope, [&](x11::Connection& connection, const x11::Window& window, const CallContext& ctx) {
    return x11::arrange(connection, window.id, make(*one, *two), ctx);
  });
}

Result<mcp::CallToolResult> move_window(const ToolWorld& world, const ToolScope& scope) {
  return arrange_pair(world, scope, "x", "y", INT16_MIN, [](int x, int y) {
    x11::Arrangement wanted;
    wanted.x = x;
    wanted.y = y;
    return wanted;
  });
}

Result<mcp::CallToolResult> resize_window(const ToolWorld& world, const ToolScope& scope) {
  return arrange_pair(world, scope, "width", "height", 1, [](int width, int height) {
    x11::Arrangement wanted;
    wanted.width = width;
    wanted.height = height;
    return wanted;
  });
}

Result<mcp::CallToolResult> center_window(const ToolWorld& world, const ToolScope& scope) {
  return with_window(
      world, scope,
      [](x11::Connection& connection, const x11::Window& window, const CallContext& ctx) -> Result<x11::Window> {
        auto area = x11::work_area(connection, ctx);
        if (!area) return fail(area.error());
        auto plain = x11::arrange(connection, window.id, {}, ctx);  // its size is that of the restored window
        if (!plain) return plain;
        x11::Arrangement wanted;
        // One that is larger than the area keeps its title within reach.
        wanted.x = area->x + std::max(0, (area->width - plain->outer.width) / 2);
        wanted.y = area->y + std::max(0, (area->height - plain->outer.height) / 2);
        return x11::arrange(connection, window.id, wanted, ctx);
      });
}

// A half or quarter of what panels leave of the screen.
struct Tile {
  const char* name;
  const char* where;
  bool right, bottom, full_height;
};
constexpr Tile kTiles[] = {
    {"tile_window_left", "left half", false, false, true},
    {"tile_window_right", "right half", true, false, true},
    {"tile_window_top_left", "top left quarter", false, false, false},
    {"tile_window_top_right", "top right quarter", true, false, false},
    {"tile_window_bottom_left", "bottom left quarter", false, true, false},
    {"tile_window_bottom_right", "bottom right quarter", true, true, false},
};

x11::Arrangement place_of(const Tile& tile, const x11::Rectangle& area) {
  const int left_width = area.width / 2;
  const int top_height = area.height / 2;
  x11::Arrangement wanted;
  wanted.exact_size = true;
  wanted.x = area.x + (tile.right ? left_width : 0);
  wanted.width = tile.right ? area.width - left_width : left_width;
  wanted.y = area.y + (tile.bottom ? top_height : 0);
  wanted.height = tile.full_height ? area.height : tile.bottom ? area.height - top_height : top_height;
  return wanted;
}

Result<mcp::CallToolResult> tile_window(const ToolWorld& world, const ToolScope& scope, const Tile& tile) {
  return with_window(
      world, scope,
      [&](x11::Connection& connection, const x11::Window& window, const CallContext& ctx) -> Result<x11::Window> {
        auto area = x11::work_area(connection, ctx);
        if (!area) return fail(area.error());
        return x11::arrange(connection, window.id, place_of(tile, *area), ctx);
      });
}

// A tool on one window.
mcp::Tool window_spec(const char* name, const std::string& description, std::vector<Argument> more = {}) {
  more.insert(more.begin(), {"windowId", "string", "As given by gui_find_window"});
  mcp::Tool tool = describe_tool(name, description, more, kArranges);
  tool.input_schema["properties"]["windowId"]["type"] = {"string", "integer"};
  return tool;
}

SandboxTool plain_action(const ToolWorld& world, const char* name, const std::string& description,
                         Result<x11::Window> (*action)(x11::Connection&, xcb_window_t, const CallContext&)) {
  return {"windows", window_spec(name, description), [world, action](const ToolScope& scope) {
            return with_window(
                world, scope, [action](x11::Connection& connection, const x11::Window& window, const CallContext& ctx) {
                  return action(connection, window.id, ctx);
                });
          }};
}

}  // namespace

std::vector<SandboxTool> make_window_tools(const ToolWorld& world) {
  std::vector<SandboxTool> tools{
      {"windows",
       describe_tool("gui_find_window", "Find windows by title or class. Gives ids and places.",
                     {{"namePattern", "string", "Regular expression (PCRE2), letter case aside; .* finds all"},
                      {"wait_s", "number", "Seconds to wait for one that is about to open, 0 to 60", false, 0}},
                     kReadOnly),
       [world](const ToolScope& scope) { return gui_find_window(world, scope); }},
      plain_action(world, "gui_activate_window", "Bring a window to the front and give it the keyboard.",
                   x11::activate),
      {"windows",
       window_spec("move_window", "Move a window: where its top left corner is to be.",
                   {{"x", "integer", "Pixels from the left"}, {"y", "integer", "Pixels from the top"}}),
       [world](const ToolScope& scope) { return move_window(world, scope); }},
      {"windows",
       window_spec("resize_window", "Resize a window, its decorations included.",
                   {{"width", "integer", "Pixels", true, 1}, {"height", "integer", "Pixels", true, 1}}),
       [world](const ToolScope& scope) { return resize_window(world, scope); }},
  };
  for (const Tile& tile : kTiles) {
    tools.push_back(
        {"windows",
         window_spec(tile.name, std::string("Put a window on the ") + tile.where + " of the screen, panels left free."),
         [world, tile](const ToolScope& scope) { return tile_window(world, scope, tile); }});
  }
  tools.push_back(
      plain_action(world, "minimize_window", "Minimise a window; gui_activate_window shows it again.", x11::minimize));
  tools.push_back({"windows", window_spec("center_window", "Move a window to the middle of the screen."),
                   [world](const ToolScope& scope) { return center_window(world, scope); }});
  return tools;
}

}  // namespace ottobot::sandboxd
