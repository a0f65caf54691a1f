// The tools of a turn: asked for once, so that a step costs the same with many tools and the model's vendor finds the
// same list in its prompt cache. Thread-safe.
#pragma once

#include <memory>
#include <mutex>
#include <vector>

#include "ottobot/session_state.hpp"
#include "ottobot/toolbox.hpp"

namespace ottobot::agent {

class ToolList {
 public:
  explicit ToolList(ToolBox& tools) : tools_(tools) {}

  // Errors: those of list_tools().
  Result<std::shared_ptr<const std::vector<ToolSpec>>> of_turn(const SessionState& state, const CallContext& ctx);

 private:
  ToolBox& tools_;
  std::mutex mutex_;  // guards turn_ and listed_
  Seq turn_ = 0;      // prompt_seq of the turn that listed_ is of
  std::shared_ptr<const std::vector<ToolSpec>> listed_;
};

}  // namespace ottobot::agent
