#include "llm/gemini/models.hpp"

#include <algorithm>
#include <array>
#include <cctype>

#include "ottobot/ids.hpp"

namespace ottobot::llm::gemini {
namespace {

struct KnownModel {
  std::string_view id;
  std::int64_t window, max_output;
};

constexpr std::array<KnownModel, 8> kModels = {{
    {"gemini-3-pro-preview", 1048576, 65536},
    {"gemini-3-flash-preview", 1048576, 65536},
    {"gemini-2.5-pro", 1048576, 65536},
    {"gemini-2.5-flash", 1048576, 65536},
    {"gemini-2.5-flash-lite", 1048576, 65536},
    {"gemini-2.0-flash", 1048576, 8192},
    {"gemini-2.0-flash-001", 1048576, 8192},
    {"gemini-2.0-flash-lite", 1048576, 8192},
}};

constexpr std::size_t kMaxNameLength = 64;

bool starts_with(std::string_view text, std::string_view prefix) { return text.substr(0, prefix.size()) == prefix; }

bool is_name_char(unsigned char c) { return std::isalnum(c) != 0 || c == '_' || c == '.' || c == ':' || c == '-'; }

}  // namespace

std::string bare_model_name(const std::string& model) {
  constexpr std::string_view kPrefix = "models/";
  return starts_with(model, kPrefix) ? model.substr(kPrefix.size()) : model;
}

bool checks_signatures(const std::string& model) { return starts_with(model, "gemini-3"); }

ModelInfo model_info(const std::string& model) {
  ModelInfo info;
  info.id = model;
  info.accepts_images = true;
  const bool speaks_only = model.find("-image") != std::string::npos || model.find("-tts") != std::string::npos;
  info.thinks = !speaks_only && (starts_with(model, "gemini-2.5") || starts_with(model, "gemini-3"));
  const auto known = std::find_if(kModels.begin(), kModels.end(), [&](const KnownModel& m) { return m.id == model; });
  if (known != kModels.end()) {
    info.context_window_tokens = known->window;
    info.max_output_tokens = known->max_output;
  }
  return info;
}

std::vector<ModelInfo> known_models() {
  std::vector<ModelInfo> models;
  for (const KnownModel& known : kModels) models.push_back(model_info(std::string(known.id)));
  return models;
}

std::string signature_for(const Json& opaque, const std::string& model) {
  if (get_string(opaque, "provider") != kProvider || get_string(opaque, "model") != model) return {};
  return get_string(opaque, "thoughtSignature");
}

Json make_opaque(const std::string& signature, const std::string& model) {
  return {{"provider", kProvider}, {"model", model}, {"thoughtSignature", signature}};
}

std::string function_name(const std::string& tool_name) {
  const bool valid_start =
      !tool_name.empty() && (std::isalpha(static_cast<unsigned char>(tool_name[0])) != 0 || tool_name[0] == '_');
  if (valid_start && tool_name.size() <= kMaxNameLength &&
      std::all_of(tool_name.begin(), tool_name.end(), is_name_char)) {
    return tool_name;
  }
  // The digest keeps two long names apart that begin alike.
  std::string name = "_" + sha256_hex(tool_name).substr(0, 8) + "_" + tool_name;
  std::replace_if(
      name.begin(), name.end(), [](char c) { return !is_name_char(static_cast<unsigned char>(c)); }, '_');
  return name.substr(0, kMaxNameLength);
}

}  // namespace ottobot::llm::gemini
