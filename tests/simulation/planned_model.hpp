// A model that does what a prompt of the form "NAME calls=N" says: asks for tools N times, one or two at once, and
// answers "Done: NAME calls=N" then. How long it thinks and the tools take, the seed says.
#pragma once

#include "ottobot/llm_provider.hpp"
#include "simulation/scheduler.hpp"

namespace ottobot::simulation {

class PlannedModel final : public LlmProvider {
 public:
  explicit PlannedModel(Scheduler& scheduler) : scheduler_(scheduler) {}
  Result<Completion> complete(const CompletionParams& params, DeltaSink& sink, const CallContext& ctx) override;
  Result<ModelInfo> describe(const std::string& model, const CallContext& ctx) override;

 private:
  Scheduler& scheduler_;
};

std::string planned_prompt(const std::string& name, std::uint64_t calls);
std::string planned_answer(const std::string& prompt);

}  // namespace ottobot::simulation
