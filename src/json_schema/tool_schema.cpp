#include "json_schema/tool_schema.hpp"

#include "ottobot/nearest_name.hpp"

namespace ottobot::json_schema {

namespace {

constexpr std::size_t kMaxIssues = 8;

std::string with_article(const Issue& issue, const std::string& noun) {
  return issue.path.empty() ? "the " + noun + "s" : noun + " `" + issue.path + "`";
}

std::string list_of(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "`" : ", `") + name + "`";
  return text;
}

class Wording {
 public:
  Wording(std::string noun, const std::vector<std::string>& names) : noun_(std::move(noun)), names_(names) {}

  std::string line(const Issue& issue) const {
    switch (issue.kind) {
      case Issue::Kind::missing:
        return "missing " + with_article(issue, noun_) + (issue.text.empty() ? "" : " (" + issue.text + ")");
      case Issue::Kind::unknown:
        return unknown(issue.path, issue.text);
      default:
        return with_article(issue, noun_) + " " + issue.text;
    }
  }

  std::string unknown(const std::string& name, const std::string& meant) const {
    const std::string text = "unknown " + noun_ + " `" + name + "`";
    if (!meant.empty()) return text + ", did you mean `" + meant + "`?";
    if (name.find_first_of(".[") != std::string::npos) return text;
    if (names_.empty()) return text + "; none are expected";
    return text + "; known are " + list_of(names_);
  }

 private:
  const std::string noun_;
  const std::vector<std::string>& names_;
};

std::string join(std::string head, const std::vector<std::string>& lines) {
  for (const std::string& line : lines) head += "\n- " + line;
  return head;
}

std::vector<std::string> declared_names(const Json& schema) {
  std::vector<std::string> names;
  const Json* properties = find_member(schema, "properties");
  if (!properties || !properties->is_object()) return names;
  for (const auto& property : properties->items()) names.push_back(property.key());
  return names;
}

bool contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

}  // namespace

ToolSchema::ToolSchema(std::string tool, std::vector<std::string> names, Schema input, std::optional<Schema> output)
    : tool_(std::move(tool)), names_(std::move(names)), input_(std::move(input)), output_(std::move(output)) {}

Result<ToolSchema> ToolSchema::compile(const std::string& tool, const Json& input, const Json& output) {
  auto arguments = Schema::compile(input);
  if (!arguments) return fail(arguments.error(), "input schema of " + tool);
  std::optional<Schema> result;
  if (!output.is_null()) {
    auto compiled = Schema::compile(output);
    if (!compiled) return fail(compiled.error(), "output schema of " + tool);
    result = std::move(*compiled);
  }
  return ToolSchema(tool, declared_names(input), std::move(*arguments), std::move(result));
}

std::optional<std::string> ToolSchema::find_argument_errors(const Json& args) const {
  const auto issues = input_.check(args, kMaxIssues);
  if (issues.empty()) return std::nullopt;
  const Wording wording("argument", names_);
  std::vector<std::string> lines;
  std::vector<std::string> unknown;
  for (const Issue& issue : issues) {
    lines.push_back(wording.line(issue));
    if (issue.kind == Issue::Kind::unknown) unknown.push_back(issue.path);
  }
  // A schema that lets other names pass does not say that one of them was meant for what is missing.
  for (const auto& [name, value] : args.items()) {
    if (lines.size() >= kMaxIssues || contains(names_, name) || contains(unknown, name)) continue;
    const std::string meant = nearest_name(name, names_);
    if (!meant.empty() && !args.contains(meant)) lines.push_back(wording.unknown(name, meant));
  }
  return join("Invalid arguments for " + tool_ + ":", lines);
}

std::optional<std::string> ToolSchema::find_output_errors(const Json& structured) const {
  if (!output_) return std::nullopt;
  const auto issues = output_->check(structured, kMaxIssues);
  if (issues.empty()) return std::nullopt;
  std::vector<std::string> lines;
  const std::vector<std::string> none;
  for (const Issue& issue : issues) lines.push_back(Wording("value", none).line(issue));
  return join("The result of " + tool_ + " does not have the form that the tool declares:", lines);
}

}  // namespace ottobot::json_schema
