#include "scripted_models.hpp"

#include <map>
#include <mutex>

#include "ottobot/llm/scripted.hpp"

namespace ottobot::cli {
namespace {

class ScriptedModels final : public LlmProvider {
 public:
  ScriptedModels(Clock& clock, std::string scenario) : clock_(clock), scenario_(std::move(scenario)) {}

  Result<Completion> complete(const CompletionParams& params, DeltaSink& sink, const CallContext& ctx) override {
    auto script = loaded(params.model);
    if (!script) return fail(script.error());
    return (*script)->complete(params, sink, ctx);
  }

  Result<ModelInfo> describe(const std::string& model, const CallContext& ctx) override {
    auto script = load(model);
    if (!script && script.error().code == ErrorCode::not_found) return fail(script.error());
    if (!script) return not_found("no scenario " + model + ": " + script.error().message, script.error().hint);
    auto info = (*script)->describe(model, ctx);
    if (info) return info;
    // A scenario that names its model is known here by its path all the same.
    ModelInfo unknown;
    unknown.id = model;
    return unknown;
  }

 private:
  using Script = std::shared_ptr<LlmProvider>;

  Result<Script> load(const std::string& model) {
    ScriptedOptions options;
    options.clock = &clock_;
    if (model == "demo") {
      options.scenario = make_demo_scenario();
    } else if (!scenario_.empty() && model == scenario_) {
      options.path = model;
    } else {
      return not_found("there is no scripted model \"" + model + "\" here",
                       "scripted:demo is always there; a scenario file is one when the server was started with it "
                       "(--model scripted:/path/of/scenario.json)");
    }
    auto script = make_scripted_provider(std::move(options));
    if (!script) return fail(script.error());
    std::lock_guard lock(mutex_);
    return scripts_[model] = std::move(*script);
  }

  Result<Script> loaded(const std::string& model) {
    {
      std::lock_guard lock(mutex_);
      const auto found = scripts_.find(model);
      if (found != scripts_.end()) return found->second;
    }
    return load(model);
  }

  Clock& clock_;
  const std::string scenario_;
  std::mutex mutex_;  // guards scripts_
  std::map<std::string, Script> scripts_;
};

}  // namespace

std::unique_ptr<LlmProvider> make_scripted_models(Clock& clock, std::string scenario) {
  return std::make_unique<ScriptedModels>(clock, std::move(scenario));
}

}  // namespace ottobot::cli
