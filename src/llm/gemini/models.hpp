// What is known of Gemini's models.
#pragma once

#include <string>
#include <vector>

#include "ottobot/llm_provider.hpp"

namespace ottobot::llm::gemini {

// The provider's name in `opaque`.
inline constexpr const char* kProvider = "gemini";

// "models/x" and "x" are the same model.
std::string bare_model_name(const std::string& model);
// Limits that are not known are 0.
ModelInfo model_info(const std::string& model);
// Those whose limits are known.
std::vector<ModelInfo> known_models();
// Gemini 3 checks thought signatures and takes images inside function responses.
bool checks_signatures(const std::string& model);

// The signature in `opaque` when this provider and model made it; empty otherwise.
std::string signature_for(const Json& opaque, const std::string& model);
Json make_opaque(const std::string& signature, const std::string& model);

// Function names are [A-Za-z_][A-Za-z0-9_.:-]{0,63}; another name gets a stable one that is.
std::string function_name(const std::string& tool_name);

}  // namespace ottobot::llm::gemini
