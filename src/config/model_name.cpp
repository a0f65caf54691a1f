#include "config/model_name.hpp"

namespace ottobot::config {
namespace {

bool starts_with(std::string_view text, std::string_view prefix) { return text.substr(0, prefix.size()) == prefix; }

// "o1", "o3-mini": the letter alone is too short to stand for anything.
bool is_o_series(std::string_view model) {
  return model.size() >= 2 && model[0] == 'o' && model[1] >= '1' && model[1] <= '9';
}

std::string_view vendor_of(std::string_view model) {
  if (starts_with(model, "gemini-")) return "gemini";
  if (starts_with(model, "gpt-") || starts_with(model, "chatgpt-") || is_o_series(model)) return "openai";
  if (starts_with(model, "claude-")) return "anthropic";
  return {};
}

}  // namespace

Result<ModelName> parse_model_name(std::string_view name) {
  const auto colon = name.find(':');
  if (colon == std::string_view::npos) {
    const auto vendor = vendor_of(name);
    if (!vendor.empty()) return ModelName{std::string(vendor), std::string(name)};
    return invalid_argument("cannot tell who makes the model \"" + std::string(name) + "\"",
                            "write PROVIDER:MODEL, such as gemini:gemini-2.5-pro or scripted:demo");
  }
  ModelName parsed{std::string(name.substr(0, colon)), std::string(name.substr(colon + 1))};
  if (!parsed.provider.empty() && !parsed.model.empty()) return parsed;
  return invalid_argument("\"" + std::string(name) + "\" is no model",
                          "write PROVIDER:MODEL, such as gemini:gemini-2.5-pro or scripted:demo");
}

}  // namespace ottobot::config
