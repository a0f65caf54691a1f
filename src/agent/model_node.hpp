// One model call: asks, streams, and commits the answer.
#pragma once

#include "agent/tool_list.hpp"
#include "ottobot/agent/coding_agent.hpp"

namespace ottobot::agent {

class ModelNode {
 public:
  // `provider` and `tools` are borrowed.
  ModelNode(LlmProvider& provider, ToolList& tools, CodingAgentOptions options)
      : provider_(provider), tools_(tools), options_(std::move(options)) {}

  Result<void> run(const SessionState& state, Emitter& emitter, const CallContext& ctx);

 private:
  Result<Completion> ask(const SessionState& state, DeltaSink& stream, const CallContext& ctx);
  Result<void> commit_answer(Completion completion, const std::string& message_id, Emitter& emitter);

  LlmProvider& provider_;
  ToolList& tools_;
  CodingAgentOptions options_;
};

}  // namespace ottobot::agent
