#include <fstream>
#include <sstream>

#include "llm/scripted/scenario.hpp"
#include "ottobot/ids.hpp"
#include "ottobot/llm/scripted.hpp"

namespace ottobot {
namespace {

using namespace llm::scripted;

constexpr std::int64_t kWindowTokens = 1'000'000;
constexpr std::int64_t kMaxOutputTokens = 65'536;

std::int64_t estimate_tokens(std::size_t bytes) { return static_cast<std::int64_t>(bytes / 4 + 1); }

// Calls `deliver` with pieces of about `chunk` bytes that never cut a character.
template <class F>
Result<void> in_chunks(std::string_view text, std::size_t chunk, const CallContext& ctx, F&& deliver) {
  while (!text.empty()) {
    if (auto live = ctx.check(); !live) return live;
    std::size_t size = std::min(chunk, text.size());
    while (size < text.size() && utf8_complete_prefix(text.substr(0, size)) != size) ++size;
    deliver(text.substr(0, size));
    text.remove_prefix(size);
  }
  return {};
}

class ScriptedProvider final : public LlmProvider {
 public:
  ScriptedProvider(Scenario scenario, Clock& clock) : scenario_(std::move(scenario)), clock_(clock) {}

  Result<Completion> complete(const CompletionParams& params, DeltaSink& sink, const CallContext& ctx) override {
    if (auto live = ctx.check(); !live) return fail(live.error());
    const Choice choice = choose_step(scenario_, params.messages);
    Step excuse;
    excuse.text = choice.excuse;
    return play(choice.step != nullptr ? *choice.step : excuse, params, sink, ctx);
  }

  Result<ModelInfo> describe(const std::string& model, const CallContext&) override {
    if (!scenario_.model.empty() && model != scenario_.model) {
      return not_found("the scenario plays the model " + scenario_.model + ", not " + model);
    }
    ModelInfo info;
    info.id = model;
    info.context_window_tokens = kWindowTokens;
    info.max_output_tokens = kMaxOutputTokens;
    info.accepts_images = true;
    info.thinks = true;
    return info;
  }

 private:
  Result<Completion> play(const Step& step, const CompletionParams& params, DeltaSink& sink, const CallContext& ctx) {
    if (step.delay.count() > 0) {
      if (auto waited = clock_.sleep_for(step.delay, ctx); !waited) return fail(waited.error());
    }
    if (params.thinking) {
      auto thought = in_chunks(step.thinking, step.chunk_bytes, ctx, [&](std::string_view t) { sink.on_thinking(t); });
      if (!thought) return fail(thought.error());
    }
    auto said = in_chunks(step.text, step.chunk_bytes, ctx, [&](std::string_view t) { sink.on_text(t); });
    if (!said) return fail(said.error());
    if (step.error) return fail(*step.error);
    return assemble(step, params);
  }

  static Completion assemble(const Step& step, const CompletionParams& params) {
    Completion done;
    done.message.role = Role::model;
    std::size_t bytes = step.text.size();
    if (params.thinking && !step.thinking.empty()) {
      done.message.parts.push_back(ThinkingPart{step.thinking, nullptr});
      bytes += step.thinking.size();
    }
    if (!step.text.empty()) done.message.parts.push_back(TextPart{step.text, nullptr});
    for (ToolCallPart call : step.calls) {
      call.call_id = new_id();
      bytes += call.name.size();
      done.message.parts.push_back(std::move(call));
    }
    // A rough figure, so that budgets have something to count. The whole conversation is not looked at for it.
    const std::size_t prompt_bytes = params.messages.empty() ? 0 : text_of(params.messages.back()).size();
    done.usage.input_tokens = estimate_tokens(prompt_bytes);
    done.usage.output_tokens = estimate_tokens(bytes);
    done.model_version = params.model;
    return done;
  }

  const Scenario scenario_;
  Clock& clock_;
};

Result<Json> read_scenario(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return not_found("cannot read the scenario " + path, "check the path");
  std::ostringstream text;
  text << file.rdbuf();
  auto json = parse_json(text.str());
  if (!json) return fail(json.error(), "scenario " + path);
  return json;
}

}  // namespace

Result<std::unique_ptr<LlmProvider>> make_scripted_provider(ScriptedOptions options) {
  if (options.scenario.is_null()) {
    auto json = read_scenario(options.path);
    if (!json) return fail(json.error());
    options.scenario = std::move(*json);
  }
  auto scenario = parse_scenario(options.scenario);
  if (!scenario) return fail(scenario.error());
  return std::make_unique<ScriptedProvider>(std::move(*scenario),
                                            options.clock != nullptr ? *options.clock : system_clock());
}

}  // namespace ottobot
