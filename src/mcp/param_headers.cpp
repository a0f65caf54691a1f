#include "mcp/param_headers.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

#include "json_schema/subschemas.hpp"

namespace ottobot::mcp {

namespace {

constexpr const char* kAnnotation = "x-mcp-header";
constexpr double kSafeInteger = 9007199254740991.0;  // 2^53 - 1
constexpr int kMaxDepth = 64;

bool is_token(std::string_view text) {
  constexpr std::string_view kPunctuation = "!#$%&'*+-.^_`|~";
  const auto allowed = [&](char c) {
    return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') ||
           kPunctuation.find(c) != std::string_view::npos;
  };
  return !text.empty() && std::all_of(text.begin(), text.end(), allowed);
}

std::string lower(std::string text) {
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c | 0x20);
  }
  return text;
}

// All annotations, wherever they stand.
std::size_t count_annotations(const Json& schema) {
  std::size_t count = 0;
  std::vector<const Json*> waiting{&schema};
  while (!waiting.empty()) {
    const Json* at = waiting.back();
    waiting.pop_back();
    if (at->is_object() && at->contains(kAnnotation)) ++count;
    json_schema::for_each_subschema(*at, [&waiting](const Json& child) { waiting.push_back(&child); });
  }
  return count;
}

// Those that a chain of `properties` leads to.
class Finder {
 public:
  Result<std::vector<ParamHeader>> run(const Json& schema) {
    const std::size_t all = count_annotations(schema);
    if (all == 0) return std::move(found_);
    if (auto visited = visit_properties(schema, 0); !visited) return fail(visited.error());
    if (found_.size() != all) return refuse("stands where no chain of properties leads");
    return std::move(found_);
  }

 private:
  static Failure refuse(const std::string& why) { return invalid_argument(std::string(kAnnotation) + " " + why); }

  Result<void> visit_properties(const Json& schema, int depth) {
    const Json* properties = find_member(schema, "properties");
    if (!properties || !properties->is_object() || depth > kMaxDepth) return {};
    for (const auto& [name, property] : properties->items()) {
      path_.push_back(name);
      if (auto taken = take(property); !taken) return taken;
      if (auto below = visit_properties(property, depth + 1); !below) return below;
      path_.pop_back();
    }
    return {};
  }

  Result<void> take(const Json& property) {
    const Json* annotation = find_member(property, kAnnotation);
    if (!annotation) return {};
    if (!annotation->is_string() || !is_token(annotation->get_ref<const std::string&>())) {
      return refuse("is no header name");
    }
    const std::string type = get_string(property, "type");
    if (type != "string" && type != "integer" && type != "boolean") {
      return refuse("is for strings, integers and booleans only");
    }
    ParamHeader header{"Mcp-Param-" + annotation->get<std::string>(), path_};
    const auto same = [&](const ParamHeader& other) { return lower(other.header) == lower(header.header); };
    if (std::any_of(found_.begin(), found_.end(), same)) return refuse("names " + header.header + " twice");
    found_.push_back(std::move(header));
    return {};
  }

  std::vector<std::string> path_;
  std::vector<ParamHeader> found_;
};

const Json* argument_at(const Json& args, const std::vector<std::string>& path) {
  const Json* at = &args;
  for (const std::string& name : path) {
    at = find_member(*at, name);
    if (!at) return nullptr;
  }
  return at->is_null() ? nullptr : at;
}

// nullopt for what no header can say: the server's own checks tell what is wrong with it.
std::optional<std::string> text_of(const Json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_boolean()) return value.get<bool>() ? "true" : "false";
  if (!value.is_number() || std::abs(value.get<double>()) > kSafeInteger) return std::nullopt;
  if (value.is_number_integer()) return dump_json(value);
  const auto whole = static_cast<std::int64_t>(value.get<double>());
  return static_cast<double>(whole) == value.get<double>() ? std::optional(std::to_string(whole)) : std::nullopt;
}

bool says(std::string_view header, const Json& value) {
  const auto decoded = http_binding::decode_value(header);
  if (!decoded) return false;
  if (!value.is_number()) return decoded == text_of(value);
  double number = 0;
  const char* end = decoded->data() + decoded->size();
  const auto parsed = std::from_chars(decoded->data(), end, number);
  return parsed.ec == std::errc() && parsed.ptr == end && number == value.get<double>();
}

}  // namespace

Result<std::vector<ParamHeader>> find_param_headers(const Json& input_schema) { return Finder().run(input_schema); }

std::vector<std::pair<std::string, std::string>> encode_param_headers(const std::vector<ParamHeader>& annotated,
                                                                      const Json& args) {
  std::vector<std::pair<std::string, std::string>> headers;
  for (const ParamHeader& param : annotated) {
    const Json* value = argument_at(args, param.path);
    const auto text = value ? text_of(*value) : std::nullopt;
    if (text) headers.emplace_back(param.header, http_binding::encode_value(*text));
  }
  return headers;
}

RpcResult<void> check_param_headers(const std::vector<ParamHeader>& annotated, const Json& args,
                                    const http_binding::FindHeader& find) {
  for (const ParamHeader& param : annotated) {
    const Json* value = argument_at(args, param.path);
    const auto header = find(param.header);
    const bool agree = value && text_of(*value) ? header && says(*header, *value) : !header;
    if (!agree) {
      return rpc_error(rpc_code::kHeaderMismatch,
                       "Header mismatch: the " + param.header + " header differs from the body");
    }
  }
  return {};
}

}  // namespace ottobot::mcp
