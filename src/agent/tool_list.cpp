#include "agent/tool_list.hpp"

namespace ottobot::agent {

Result<std::shared_ptr<const std::vector<ToolSpec>>> ToolList::of_turn(const SessionState& state,
                                                                       const CallContext& ctx) {
  const Seq turn = state.turn() ? state.turn()->prompt_seq : 0;
  {
    const std::lock_guard lock(mutex_);
    if (listed_ && turn_ == turn) return listed_;
  }
  // Not under the lock, which ends with no deadline: at worst two sessions ask at once.
  auto listed = tools_.list_tools(ctx);
  if (!listed) return fail(listed.error(), "listing the tools");
  auto shared = std::make_shared<const std::vector<ToolSpec>>(std::move(*listed));
  const std::lock_guard lock(mutex_);
  turn_ = turn;
  listed_ = shared;
  return shared;
}

}  // namespace ottobot::agent
