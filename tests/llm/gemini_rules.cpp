#include "llm/gemini_rules.hpp"

#include <algorithm>
#include <regex>
#include <set>
#include <vector>

namespace ottobot::testing {
namespace {

using Complaint = std::optional<std::string>;
using Names = std::vector<std::string>;

constexpr const char* kSkip = "skip_thought_signature_validator";

std::string snake_case(const std::string& name) {
  std::string out;
  for (const char c : name) {
    if (std::isupper(static_cast<unsigned char>(c)) != 0) out += '_';
    out += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  return out;
}

// The messages of the API that a client of ours may send. A field without a type is a scalar or free-form.
const std::map<std::string, std::map<std::string, std::string>>& schema() {
  static const std::map<std::string, std::map<std::string, std::string>> messages = {
      {"Request",
       {{"contents", "Content[]"},
        {"systemInstruction", "Content"},
        {"tools", "Tool[]"},
        {"toolConfig", ""},
        {"safetySettings", ""},
        {"generationConfig", "GenerationConfig"},
        {"cachedContent", ""}}},
      {"Content", {{"role", ""}, {"parts", "Part[]"}}},
      {"Part",
       {{"text", ""},
        {"thought", ""},
        {"thoughtSignature", ""},
        {"inlineData", "Blob"},
        {"functionCall", "FunctionCall"},
        {"functionResponse", "FunctionResponse"}}},
      {"Blob", {{"mimeType", ""}, {"data", ""}}},
      {"FunctionCall", {{"id", ""}, {"name", ""}, {"args", ""}}},
      {"FunctionResponse", {{"id", ""}, {"name", ""}, {"response", ""}, {"parts", "FunctionResponsePart[]"}}},
      {"FunctionResponsePart", {{"inlineData", "Blob"}}},
      {"Tool", {{"functionDeclarations", "FunctionDeclaration[]"}}},
      {"FunctionDeclaration", {{"name", ""}, {"description", ""}, {"parameters", ""}, {"parametersJsonSchema", ""}}},
      {"GenerationConfig",
       {{"temperature", ""},
        {"topP", ""},
        {"topK", ""},
        {"maxOutputTokens", ""},
        {"stopSequences", ""},
        {"seed", ""},
        {"thinkingConfig", "ThinkingConfig"}}},
      {"ThinkingConfig", {{"includeThoughts", ""}, {"thinkingBudget", ""}, {"thinkingLevel", ""}}}};
  return messages;
}

Complaint unknown_fields(const Json& value, const std::string& type, const std::string& path) {
  if (!value.is_object()) return "Invalid value at '" + path + "' (" + type + "), expected an object";
  const auto& fields = schema().at(type);
  for (const auto& [name, member] : value.items()) {
    const auto field = fields.find(name);
    const std::string at = (path.empty() ? "" : path + ".") + snake_case(name);
    if (field == fields.end()) {
      return "Invalid JSON payload received. Unknown name \"" + name + "\"" +
             (path.empty() ? "" : " at '" + path + "'") + ": Cannot find field.";
    }
    if (field->second.empty()) continue;
    if (field->second.size() < 3 || field->second.substr(field->second.size() - 2) != "[]") {
      if (auto bad = unknown_fields(member, field->second, at)) return bad;
      continue;
    }
    if (!member.is_array()) return "Invalid value at '" + at + "', expected a list";
    const std::string element = field->second.substr(0, field->second.size() - 2);
    for (std::size_t i = 0; i < member.size(); ++i) {
      if (auto bad = unknown_fields(member[i], element, at + "[" + std::to_string(i) + "]")) return bad;
    }
  }
  return std::nullopt;
}

Complaint check_part(const Json& part, const std::string& role) {
  int kinds = 0;
  for (const char* kind : {"text", "inlineData", "functionCall", "functionResponse"})
    kinds += part.contains(kind) ? 1 : 0;
  if (kinds != 1) return "required oneof field 'data' must have one initialized field";
  if (part.contains("text") && !part["text"].is_string()) return "Invalid value (text), a string is expected";
  if (const Json* call = find_member(part, "functionCall")) {
    if (role != "model") return "A function call is only allowed in a model turn.";
    if (!call->contains("args") || !(*call)["args"].is_object()) return "Invalid value (args), an object is expected";
  }
  if (const Json* response = find_member(part, "functionResponse")) {
    if (role != "user") return "A function response is only allowed in a user turn.";
    if (!response->contains("response") || !(*response)["response"].is_object()) {
      return "Invalid value (response), an object is expected";
    }
  }
  return std::nullopt;
}

// The keywords that are documented for parametersJsonSchema, at every depth.
Complaint check_schema(const Json& schema, const std::string& path) {
  static const std::set<std::string> known = {"$id",
                                              "$defs",
                                              "$ref",
                                              "$anchor",
                                              "type",
                                              "format",
                                              "title",
                                              "description",
                                              "enum",
                                              "items",
                                              "prefixItems",
                                              "minItems",
                                              "maxItems",
                                              "minimum",
                                              "maximum",
                                              "anyOf",
                                              "oneOf",
                                              "properties",
                                              "additionalProperties",
                                              "required",
                                              "propertyOrdering"};
  if (schema.is_array()) {
    for (const Json& each : schema) {
      if (auto bad = check_schema(each, path + "[]")) return bad;
    }
    return std::nullopt;
  }
  if (!schema.is_object()) return std::nullopt;
  if (schema.contains("$ref") && schema.size() > 1) return path + ": nothing may stand beside $ref";
  for (const auto& [name, value] : schema.items()) {
    if (known.count(name) == 0) return "Unknown name \"" + name + "\" at '" + path + "': Cannot find field.";
    const bool is_map = name == "properties" || name == "$defs";
    const bool holds_schemas = is_map || name == "items" || name == "prefixItems" || name == "anyOf" ||
                               name == "oneOf" || name == "additionalProperties";
    if (!holds_schemas) continue;
    if (!is_map) {
      if (auto bad = check_schema(value, path + "." + name)) return bad;
      continue;
    }
    for (const auto& [key, each] : value.items()) {
      if (auto bad = check_schema(each, path + "." + name + "." + key)) return bad;
    }
  }
  return std::nullopt;
}

Complaint check_tools(const Json& request) {
  static const std::regex name_rule("[A-Za-z_][A-Za-z0-9_.:-]{0,63}");
  if (!request.contains("tools")) return std::nullopt;
  for (const Json& tool : request["tools"]) {
    for (const Json& function : tool.value("functionDeclarations", Json::array())) {
      const std::string name = get_string(function, "name");
      if (!std::regex_match(name, name_rule)) {
        return "Invalid function name " + name +
               ". Must start with a letter or an underscore, and be alphameric with _.:- and at most 64 long.";
      }
      const Json* parameters = find_member(function, "parametersJsonSchema");
      if (function.contains("parameters") == (parameters != nullptr)) return "one of parameters, parametersJsonSchema";
      if (parameters != nullptr && get_string(*parameters, "type") != "object") {
        return "parameters_json_schema: must be of type object";
      }
      if (parameters == nullptr) continue;
      if (auto bad = check_schema(*parameters, "parameters_json_schema")) return bad;
    }
  }
  return std::nullopt;
}

std::vector<Json> members(const Json& content, const char* kind) {
  std::vector<Json> found;
  for (const Json& part : content["parts"]) {
    if (const Json* member = find_member(part, kind)) found.push_back(*member);
  }
  return found;
}

Complaint check_answers(const std::vector<Json>& calls, const std::vector<Json>& responses) {
  if (calls.size() != responses.size()) {
    return "Please ensure that the number of function response parts is equal to the number of function call parts of "
           "the "
           "function call turn.";
  }
  for (std::size_t i = 0; i < calls.size(); ++i) {
    if (get_string(calls[i], "name") != get_string(responses[i], "name") ||
        get_string(calls[i], "id") != get_string(responses[i], "id")) {
      return "Function response " + std::to_string(i) + " does not answer the function call in its place.";
    }
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string> GeminiRules::check(const Json& request, bool signed_model) const {
  if (auto bad = unknown_fields(request, "Request", "")) return bad;
  const Json* contents = find_member(request, "contents");
  if (contents == nullptr || contents->empty()) return "* GenerateContentRequest.contents: contents is not specified\n";
  for (const Json& content : *contents) {
    const std::string role = get_string(content, "role");
    if (role != "user" && role != "model") return "Please use a valid role: user, model.";
    if (!content.contains("parts") || content["parts"].empty()) {
      return "* GenerateContentRequest.contents.parts: contents.parts must not be empty.\n";
    }
    for (const Json& part : content["parts"]) {
      if (auto bad = check_part(part, role)) return bad;
      if (auto bad = check_echo(part)) return bad;
    }
  }
  if (auto bad = check_tools(request)) return bad;
  if (auto bad = check_turns(*contents)) return bad;
  return signed_model ? check_signatures(*contents) : std::nullopt;
}

std::optional<std::string> GeminiRules::check_turns(const Json& contents) const {
  if (get_string(contents.front(), "role") != "user")
    return "Please ensure that multiturn requests start with a user role.";
  if (get_string(contents.back(), "role") != "user")
    return "Please ensure that multiturn requests end with a user role.";
  std::vector<Json> open;
  std::string last_role;
  for (const Json& content : contents) {
    const std::string role = get_string(content, "role");
    const auto calls = members(content, "functionCall");
    const auto responses = members(content, "functionResponse");
    if (role == last_role) return "Please ensure that the roles user and model alternate.";
    last_role = role;
    if (!responses.empty() && open.empty()) {
      return "Please ensure that function response turn comes immediately after a function call turn.";
    }
    if (auto bad = check_answers(open, responses)) return bad;
    open = calls;
  }
  return std::nullopt;
}

std::optional<std::string> GeminiRules::check_signatures(const Json& contents) const {
  std::size_t turn = contents.size();
  while (turn > 0) {
    const Json& content = contents[turn - 1];
    if (get_string(content, "role") == "user" && members(content, "functionResponse").empty()) break;
    --turn;
  }
  for (std::size_t i = turn; i < contents.size(); ++i) {
    for (const Json& part : contents[i]["parts"]) {
      if (!part.contains("functionCall")) continue;
      if (part.contains("thoughtSignature")) break;
      return "Function call is missing a thought_signature in functionCall parts. This is required for tools to work "
             "correctly. Additional data, function call `default_api:" +
             get_string(part["functionCall"], "name") + "` , position " + std::to_string(i + 1) +
             ". Please refer to https://ai.google.dev/gemini-api/docs/thought-signatures for more details.";
    }
  }
  return std::nullopt;
}

std::optional<std::string> GeminiRules::check_echo(const Json& part) const {
  const std::string signature = get_string(part, "thoughtSignature");
  const Json* call = find_member(part, "functionCall");
  const std::string id = call == nullptr ? "" : get_string(*call, "id");
  if (!id.empty()) {
    const auto sent = by_call_id_.find(id);
    if (sent == by_call_id_.end()) return "Unknown function call id " + id + ".";
    if (sent->second != part) return "The function call " + id + " is not what the model said.";
  }
  if (signature.empty() || signature == kSkip) return std::nullopt;
  const auto sent = by_signature_.find(signature);
  if (sent == by_signature_.end()) return "Corrupted thought signature.";
  return sent->second == part ? std::nullopt : std::optional<std::string>("Invalid thought signature.");
}

void GeminiRules::remember(const Json& part) {
  if (auto signature = get_string(part, "thoughtSignature"); !signature.empty()) by_signature_[signature] = part;
  const Json* call = find_member(part, "functionCall");
  if (call == nullptr) return;
  if (auto id = get_string(*call, "id"); !id.empty()) by_call_id_[id] = part;
}

}  // namespace ottobot::testing
