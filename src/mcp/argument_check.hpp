// A first look at the arguments of a tool call, before the tool runs.
#pragma once

#include <optional>
#include <string>

#include "ottobot/mcp/types.hpp"

namespace ottobot::mcp {

// Whether `args` (an object) has what tool.input_schema's `required` names, each declared property being of its `type`.
// The text of what is wrong names the arguments, for a model to act on.
std::optional<std::string> find_argument_error(const Tool& tool, const Json& args);

}  // namespace ottobot::mcp
