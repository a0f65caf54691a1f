#include "simulation/planned_model.hpp"

#include "ottobot/clock.hpp"
#include "ottobot/ids.hpp"

namespace ottobot::simulation {
namespace {

struct Progress {
  std::string prompt;
  std::uint64_t answers = 0;  // to it so far
};

Progress progress_of(std::span<const Message> messages) {
  Progress progress;
  for (const Message& message : messages) {
    if (message.role == Role::model) {
      ++progress.answers;
      continue;
    }
    for (const Part& part : message.parts) {
      if (const auto* text = std::get_if<TextPart>(&part)) progress = {text->text, 0};
    }
  }
  return progress;
}

}  // namespace

std::string planned_prompt(const std::string& name, std::uint64_t calls) {
  return name + " calls=" + std::to_string(calls);
}

std::string planned_answer(const std::string& prompt) { return "Done: " + prompt; }

Result<Completion> PlannedModel::complete(const CompletionParams& params, DeltaSink& sink, const CallContext& ctx) {
  Random& random = scheduler_.random();
  const auto thinks = std::chrono::milliseconds(20 + random.below(random.chance(0.1) ? 4000 : 400));
  if (auto slept = system_clock().sleep_for(thinks, ctx); !slept) return fail(slept.error());
  const Progress progress = progress_of(params.messages);
  Completion completion;
  completion.message.role = Role::model;
  completion.usage.input_tokens = 1;
  if (progress.answers >= std::stoull(progress.prompt.substr(progress.prompt.rfind('=') + 1))) {
    sink.on_text("Done");
    completion.message.parts.push_back(TextPart{planned_answer(progress.prompt), nullptr});
    return completion;
  }
  for (std::uint64_t call = 0, calls = 1 + random.below(2); call < calls; ++call) {
    ToolCallPart part;
    part.call_id = new_id();
    part.name = random.chance(0.7) ? "append" : "look";
    part.args = {{"line", progress.prompt + "/" + std::to_string(progress.answers) + "." + std::to_string(call)},
                 {"takes_ms", 5 + random.below(random.chance(0.1) ? 3000 : 200)}};
    completion.message.parts.push_back(std::move(part));
  }
  return completion;
}

Result<ModelInfo> PlannedModel::describe(const std::string& model, const CallContext&) {
  ModelInfo info;
  info.id = model;
  return info;
}

}  // namespace ottobot::simulation
