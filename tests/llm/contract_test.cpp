#include "llm/gemini_stand_in.hpp"
#include "ottobot/llm/gemini.hpp"
#include "ottobot/llm/retry.hpp"
#include "ottobot/llm/scripted.hpp"
#include "ottobot/llm/timeout.hpp"
#include "ottobot/testing/llm_provider_contract.hpp"

namespace ottobot::testing {
namespace {

LlmProviderRig scripted_rig() {
  Json scenario = llm_contract_scenario();
  scenario["model"] = "play";
  auto provider = make_scripted_provider({scenario, "", nullptr});
  return {nullptr, std::move(*provider), "play", "another"};
}

LlmProviderRig gemini_rig(const std::string& model) {
  GeminiStandInOptions options;
  options.scenario = llm_contract_scenario();
  std::shared_ptr<GeminiStandIn> stand_in = std::move(*GeminiStandIn::start(options));
  GeminiOptions gemini;
  gemini.api_key = options.api_key;
  gemini.base_url = stand_in->base_url();
  return {stand_in, std::move(*make_gemini_provider(gemini)), model, "gpt-9"};
}

LlmProviderRig retry_rig() {
  LlmProviderRig rig = scripted_rig();
  RetryOptions options;
  options.max_attempts = 1;
  rig.provider = make_retry_provider(std::move(rig.provider), options, system_clock());
  return rig;
}

LlmProviderRig timeout_rig() {
  LlmProviderRig rig = scripted_rig();
  rig.provider = std::move(*make_timeout_provider(std::move(rig.provider), {}, system_clock()));
  return rig;
}

INSTANTIATE_TEST_SUITE_P(
    Providers, LlmProviderContract,
    ::testing::Values(LlmProviderCase{"scripted", scripted_rig}, LlmProviderCase{"retry", retry_rig},
                      LlmProviderCase{"timeout", timeout_rig},
                      LlmProviderCase{"gemini_3", [] { return gemini_rig("gemini-3-pro-preview"); }},
                      LlmProviderCase{"gemini_2_5", [] { return gemini_rig("gemini-2.5-flash"); }}),
    [](const auto& instance) { return instance.param.name; });

}  // namespace
}  // namespace ottobot::testing
