// JSON Schema as the API takes it. Pure. Source: Gemini API v1beta, FunctionDeclaration.parametersJsonSchema and
// GenerationConfig.responseJsonSchema.
#pragma once

#include "ottobot/json.hpp"

namespace ottobot::llm::gemini {

// `schema` with the keywords that the API documents; any other would be a refused request. What can be said in another
// way is (const, definitions, a default); the rest is left out, as the tool checks its arguments itself. The outermost
// one is of type object.
Json supported_schema(const Json& schema);

}  // namespace ottobot::llm::gemini
