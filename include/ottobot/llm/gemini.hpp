// Google's Gemini models over the Gemini API (v1beta).
//
// Thread-safe; calls share connections. The key is sent as a header and never shows up in errors or logs.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "ottobot/llm_provider.hpp"

namespace ottobot {

struct GeminiOptions {
  std::string api_key;
  std::string base_url = "https://generativelanguage.googleapis.com";  // scheme://host[:port]
  std::chrono::milliseconds connect_timeout{10000};
  std::chrono::milliseconds idle_timeout{60000};  // between bytes of an answer: unavailable; 0 = no limit
};

// Errors: unauthenticated (no key), invalid_argument (base_url).
Result<std::unique_ptr<LlmProvider>> make_gemini_provider(GeminiOptions options);

// What is known of the models by name here, the newest first; the vendor may have more.
std::vector<ModelInfo> known_gemini_models();

}  // namespace ottobot
