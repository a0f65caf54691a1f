#include "llm/gemini/request.hpp"

#include <set>

#include "llm/gemini/history.hpp"
#include "llm/gemini/models.hpp"
#include "llm/gemini/schema.hpp"

namespace ottobot::llm::gemini {
namespace {

const char* default_text(ToolOutcome outcome) {
  switch (outcome) {
    case ToolOutcome::ok:
      return "";
    case ToolOutcome::error:
      return "The tool failed without saying why.";
    case ToolOutcome::unknown:
      return "The outcome is unknown: the sandbox was lost before the tool answered.";
    case ToolOutcome::not_run:
      return "The call was not run.";
  }
  return "";
}

// A request may have 20 MB; this much of it, as base64, may be images. The rest is text.
constexpr std::size_t kMaxImageBytes = 12U << 20U;

bool is_image(const Json& block) { return get_string(block, "type") == "image"; }

// The images of results that there is no room for: all but the newest. Borrowed from the conversation.
using LeftOut = std::set<const Json*>;

LeftOut images_left_out(const History& history) {
  LeftOut left_out;
  std::size_t bytes = 0;
  for (auto content = history.contents.rbegin(); content != history.contents.rend(); ++content) {
    for (auto part = content->parts.rbegin(); part != content->parts.rend(); ++part) {
      const auto* result = std::get_if<ToolResultPart>(*part);
      if (result == nullptr || !result->content.is_array()) continue;
      for (const Json& block : result->content) {
        if (!is_image(block)) continue;
        const Json* data = find_member(block, "data");
        bytes += data != nullptr && data->is_string() ? data->get_ref<const std::string&>().size() : 0;
        if (bytes > kMaxImageBytes) left_out.insert(&block);
      }
    }
  }
  return left_out;
}

std::vector<Json> images_of(const Json& content, const LeftOut& left_out) {
  std::vector<Json> images;
  if (!content.is_array()) return images;
  for (const Json& block : content) {
    if (!is_image(block) || left_out.contains(&block)) continue;
    images.push_back(
        {{"inlineData", {{"mimeType", get_string(block, "mimeType")}, {"data", get_string(block, "data")}}}});
  }
  return images;
}

std::string text_of_result(const ToolResultPart& result, const LeftOut& left_out) {
  std::string text = text_of_content(result.content);
  if (left_out.empty() || !result.content.is_array()) return text;
  for (const Json& block : result.content) {
    if (left_out.contains(&block))
      text += (text.empty() ? "" : "\n") + std::string("[an earlier image, left out here]");
  }
  return text;
}

Json response_value(const ToolResultPart& result, const LeftOut& left_out) {
  const std::string text = text_of_result(result, left_out);
  if (result.outcome != ToolOutcome::ok) {
    return {{"error", text.empty() ? std::string(default_text(result.outcome)) : text}};
  }
  if (text.empty() && !result.structured.is_null()) return {{"output", result.structured}};
  return {{"output", text}};
}

class ContentBuilder {
 public:
  ContentBuilder(const std::string& model, const LeftOut& left_out)
      : model_(model), left_out_(left_out), images_inside_(checks_signatures(model)) {}

  Json build(const Content& content) {
    Json parts = Json::array();
    Json later = Json::array();  // images, behind all results so that these stay together
    bool first_call = true;
    for (const Part* part : content.parts) {
      if (const auto* call = std::get_if<ToolCallPart>(part)) {
        parts.push_back(call_part(*call, std::exchange(first_call, false)));
      } else if (const auto* result = std::get_if<ToolResultPart>(part)) {
        parts.push_back(result_part(*result, later));
      } else {
        append_all(parts, later);
        parts.push_back(text_part(*part));
      }
    }
    append_all(parts, later);
    return {{"role", content.role == Role::user ? "user" : "model"}, {"parts", std::move(parts)}};
  }

 private:
  static void append_all(Json& parts, Json& more) {
    for (Json& part : more) parts.push_back(std::move(part));
    more = Json::array();
  }

  void sign(Json& part, const Json& opaque) const {
    if (std::string signature = signature_for(opaque, model_); !signature.empty()) {
      part["thoughtSignature"] = std::move(signature);
    }
  }

  Json text_part(const Part& part) const {
    if (const auto* text = std::get_if<TextPart>(&part)) {
      Json json = {{"text", text->text}};
      sign(json, text->opaque);
      return json;
    }
    const auto& thought = std::get<ThinkingPart>(part);
    Json json = {{"text", thought.text}, {"thought", true}};
    sign(json, thought.opaque);
    return json;
  }

  // In every turn and not just the current one, so that the beginning of the prompt stays the same and is found in
  // caches.
  Json call_part(const ToolCallPart& call, bool first_of_step) const {
    Json function = {{"name", function_name(call.name)}, {"args", call.args.is_object() ? call.args : Json::object()}};
    if (!call.provider_id.empty()) function["id"] = call.provider_id;
    Json json = {{"functionCall", std::move(function)}};
    sign(json, call.opaque);
    if (first_of_step && checks_signatures(model_) && !json.contains("thoughtSignature")) {
      json["thoughtSignature"] = kSkipSignature;
    }
    return json;
  }

  Json result_part(const ToolResultPart& result, Json& later) const {
    Json function = {{"name", function_name(result.name)}, {"response", response_value(result, left_out_)}};
    if (!result.provider_id.empty()) function["id"] = result.provider_id;
    for (Json& image : images_of(result.content, left_out_)) {
      images_inside_ ? function["parts"].push_back(std::move(image)) : later.push_back(std::move(image));
    }
    return {{"functionResponse", std::move(function)}};
  }

  const std::string& model_;
  const LeftOut& left_out_;
  const bool images_inside_;
};

Json declarations(std::span<const ToolSpec> tools) {
  Json list = Json::array();
  for (const ToolSpec& tool : tools) {
    list.push_back({{"name", function_name(tool.name)},
                    {"description", tool.description},
                    {"parametersJsonSchema", supported_schema(tool.input_schema)}});
  }
  return list;
}

Json generation_config(const CompletionParams& params, const ModelInfo& info) {
  Json config = Json::object();
  if (params.max_output_tokens) config["maxOutputTokens"] = *params.max_output_tokens;
  if (params.temperature) config["temperature"] = *params.temperature;
  if (params.thinking && info.thinks) config["thinkingConfig"] = {{"includeThoughts", true}};
  return config;
}

}  // namespace

Json build_request(const CompletionParams& params) {
  const std::string model = bare_model_name(params.model);
  const ModelInfo info = model_info(model);
  const History history = mend_history(params.messages, model);
  const LeftOut left_out = images_left_out(history);
  ContentBuilder builder(model, left_out);
  Json body = {{"contents", Json::array()}};
  for (const Content& content : history.contents) body["contents"].push_back(builder.build(content));
  if (!params.system.empty()) body["systemInstruction"] = {{"parts", Json::array({{{"text", params.system}}})}};
  if (!params.tools.empty()) {
    body["tools"] = Json::array({Json::object({{"functionDeclarations", declarations(params.tools)}})});
  }
  if (Json config = generation_config(params, info); !config.empty()) body["generationConfig"] = std::move(config);
  return body;
}

}  // namespace ottobot::llm::gemini
