// The body of a generateContent request. Pure. Source: Gemini API v1beta, GenerateContentRequest.
#pragma once

#include "ottobot/llm_provider.hpp"

namespace ottobot::llm::gemini {

// Stands in for a signature that another model made, or none: the vendor's documented way to skip the check.
inline constexpr const char* kSkipSignature = "skip_thought_signature_validator";

Json build_request(const CompletionParams& params);

}  // namespace ottobot::llm::gemini
