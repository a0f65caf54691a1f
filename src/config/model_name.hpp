// Names of models as people write them. Pure.
#pragma once

#include <string>
#include <string_view>

#include "ottobot/error.hpp"

namespace ottobot::config {

inline constexpr const char* kDemoModel = "scripted:demo";
inline constexpr const char* kDefaultGeminiModel = "gemini:gemini-2.5-pro";

struct ModelName {
  std::string provider, model;

  std::string full() const { return provider + ":" + model; }
};

// "provider:model", or a model whose vendor its name tells: gemini-…, gpt-…, o3…, claude-…. Errors: invalid_argument.
Result<ModelName> parse_model_name(std::string_view name);

}  // namespace ottobot::config
