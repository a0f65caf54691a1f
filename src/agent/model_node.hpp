// One model call: asks, streams, and commits the answer.
#pragma once

#include "ottobot/agent/coding_agent.hpp"

namespace ottobot::agent {

class ModelNode {
 public:
  ModelNode(LlmProvider& provider, ToolBox& tools, CodingAgentOptions options)
      : provider_(provider), tools_(tools), options_(std::move(options)) {}

  Result<void> run(const SessionState& state, Emitter& emitter, const CallContext& ctx);

 private:
  Result<Completion> ask(const SessionState& state, DeltaSink& stream, const CallContext& ctx);
  Result<void> commit_answer(Completion completion, const std::string& message_id, Emitter& emitter);

  LlmProvider& provider_;
  ToolBox& tools_;
  CodingAgentOptions options_;
};

}  // namespace ottobot::agent
