// The schemas of one tool, compiled, and what they say about a call in words that a model can act on.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "json_schema/schema.hpp"
#include "ottobot/json.hpp"

namespace ottobot::json_schema {

// Immutable and thread-safe.
class ToolSchema {
 public:
  // `output` null = it declares none. Errors: invalid_argument, naming the tool and the place in its schema.
  static Result<ToolSchema> compile(const std::string& tool, const Json& input, const Json& output = nullptr);

  // Every problem of the arguments (an object), one a line, up to a bound: its path, what was given, what is expected,
  // and for a name that is not known the one that was probably meant. nullopt when they are right.
  std::optional<std::string> find_argument_errors(const Json& args) const;
  // The same for structuredContent. nullopt when it is right or the tool declares nothing.
  std::optional<std::string> find_output_errors(const Json& structured) const;

 private:
  ToolSchema(std::string tool, std::vector<std::string> names, Schema input, std::optional<Schema> output);

  std::string tool_;
  std::vector<std::string> names_;  // of the declared arguments
  Schema input_;
  std::optional<Schema> output_;
};

}  // namespace ottobot::json_schema
