#include "worker/desktop_input_gate.hpp"

#include <algorithm>
#include <array>

namespace ottobot::worker {
namespace {

constexpr std::chrono::milliseconds kPoll{100};
constexpr std::array<std::string_view, 3> kLooks{"gui_screenshot", "gui_get_window_info", "gui_find_window"};
// open_vscode brings its window to the front.
constexpr std::array<std::string_view, 5> kOthers{"move_window", "resize_window", "minimize_window", "center_window",
                                                  "open_vscode"};

template <std::size_t N>
bool contains(const std::array<std::string_view, N>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

}  // namespace

bool is_desktop_input(std::string_view tool_name) {
  if (tool_name.starts_with("gui_")) return !contains(kLooks, tool_name);
  return tool_name.starts_with("tile_window_") || contains(kOthers, tool_name);
}

Result<ToolReply> DesktopInputGate::call_tool(const ToolCallParams& params, const ToolProgress& progress,
                                              const CallContext& ctx) {
  if (!is_held_back(params)) return inner_.call_tool(params, progress, ctx);
  const auto waited = wait_for_desktop(progress, ctx);
  if (waited) return inner_.call_tool(params, progress, ctx);
  if (options_.abandon.stop_requested()) return fail(waited.error());
  if (waited.error().code == ErrorCode::cancelled) {
    return text_reply("not run: the turn was stopped while a person controlled the desktop", ToolOutcome::not_run);
  }
  return text_reply(
      "not run: a person controls the desktop at the moment. Go on with work that needs no clicks and keys, or try "
      "again later.",
      ToolOutcome::not_run);
}

bool DesktopInputGate::is_held_back(const ToolCallParams& params) const {
  return options_.person_controls && is_desktop_input(params.name) && !options_.begun_before.contains(params.call_id);
}

Result<void> DesktopInputGate::wait_for_desktop(const ToolProgress& progress, const CallContext& ctx) const {
  if (!options_.person_controls()) return {};
  if (progress) progress("waiting: a person controls the desktop");
  const SteadyTime until = clock_.steady_now() + options_.patience;
  while (clock_.steady_now() < until) {
    if (auto slept = clock_.sleep_for(kPoll, ctx); !slept) return slept;
    if (!options_.person_controls()) return {};
  }
  return deadline_exceeded("a person controls the desktop");
}

}  // namespace ottobot::worker
