// Runs the open tool calls of the newest model message: intent before effect, result after.
#pragma once

#include <span>

#include "agent/tool_list.hpp"
#include "ottobot/agent/coding_agent.hpp"

namespace ottobot::agent {

class ToolsNode {
 public:
  // `tools` and their `list` are borrowed.
  ToolsNode(ToolBox& tools, ToolList& list, CodingAgentOptions options)
      : tools_(tools), list_(list), options_(std::move(options)) {}

  Result<void> run(const SessionState& state, Emitter& emitter, const CallContext& ctx);

 private:
  struct Plan {
    ToolCallPart call;
    bool read_only = false;
    bool intended = false;
    std::string boot_id;
  };

  Result<std::vector<Plan>> plan(const SessionState& state, const CallContext& ctx);
  Result<void> run_group(std::span<const Plan> group, Emitter& emitter, const CallContext& ctx);
  Result<void> commit_intents(std::vector<NewEvent> intents, Emitter& emitter, const CallContext& ctx);
  Result<void> run_side_by_side(std::span<const Plan> group, Emitter& emitter, const CallContext& ctx);
  ToolReply reply_when_stopped(const Plan& plan, const CallContext& ctx);
  enum class Commit { now, with_next };
  Result<void> commit_reply(const ToolCallPart& call, ToolReply reply, Emitter& emitter, Commit when = Commit::now);

  ToolBox& tools_;
  ToolList& list_;
  CodingAgentOptions options_;
};

}  // namespace ottobot::agent
