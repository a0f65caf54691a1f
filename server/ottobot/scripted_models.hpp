// The provider "scripted": its model "demo" is the demonstration, any other name is the absolute path of a scenario
// file.
#pragma once

#include <memory>
#include <string>

#include "ottobot/clock.hpp"
#include "ottobot/llm_provider.hpp"

namespace ottobot::cli {

// A file is read when its model is described (a session is created) and kept from then on; describing it again reads it
// anew. `clock` outlives the provider.
std::unique_ptr<LlmProvider> make_scripted_models(Clock& clock);

}  // namespace ottobot::cli
