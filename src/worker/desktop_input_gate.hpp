// A tool box whose calls that click, type or move windows wait while a person controls the desktop. All other calls go
// through at once.
#pragma once

#include <chrono>
#include <functional>
#include <set>
#include <string>
#include <string_view>

#include "ottobot/clock.hpp"
#include "ottobot/toolbox.hpp"

namespace ottobot::worker {

// True for tools that give input to the desktop or bring windows forward. Every gui_ tool does that is not known to
// only look.
bool is_desktop_input(std::string_view tool_name);

struct DesktopInputGateOptions {
  std::function<bool()> person_controls;  // empty = nobody ever does
  std::chrono::milliseconds patience{30000};
  // Calls that a former owner may have sent: they are joined, not held back.
  std::set<std::string> begun_before;
  std::stop_token abandon;  // when it fires, waiting calls are left to the next owner
};

class DesktopInputGate final : public ToolBox {
 public:
  // `inner` and `clock` are borrowed for its life.
  DesktopInputGate(ToolBox& inner, Clock& clock, DesktopInputGateOptions options)
      : inner_(inner), clock_(clock), options_(std::move(options)) {}

  Result<std::vector<ToolSpec>> list_tools(const CallContext& ctx) override { return inner_.list_tools(ctx); }
  // A call that waits in vain, or is stopped while it waits, is answered with outcome not_run: it was never sent.
  Result<ToolReply> call_tool(const ToolCallParams& params, const ToolProgress& progress,
                              const CallContext& ctx) override;
  void acknowledge(const std::vector<std::string>& call_ids) override { inner_.acknowledge(call_ids); }
  std::string boot_id() const override { return inner_.boot_id(); }

 private:
  bool is_held_back(const ToolCallParams& params) const;
  Result<void> wait_for_desktop(const ToolProgress& progress, const CallContext& ctx) const;

  ToolBox& inner_;
  Clock& clock_;
  const DesktopInputGateOptions options_;
};

}  // namespace ottobot::worker
