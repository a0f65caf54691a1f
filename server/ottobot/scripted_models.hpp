// The provider "scripted": its model "demo" is the demonstration; the operator may name one scenario file besides.
#pragma once

#include <memory>
#include <string>

#include "ottobot/clock.hpp"
#include "ottobot/llm_provider.hpp"

namespace ottobot::cli {

// `scenario` is the absolute path of a file, which is then the model of that name, or empty. Whoever creates a session
// names its model, so no other file is ever looked at. The file is read when its model is described (a session is
// created) and kept from then on; describing it again reads it anew. `clock` outlives the provider.
std::unique_ptr<LlmProvider> make_scripted_models(Clock& clock, std::string scenario);

}  // namespace ottobot::cli
