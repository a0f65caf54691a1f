// google.rpc.Status, as the Gemini API answers it, to Error.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "ottobot/json.hpp"

namespace ottobot::llm::gemini {

// `body` is what came with `http_status`: {"error":{…}}, [{"error":{…}}], or anything else. `header_delay` is what the
// header Retry-After says; a delay in the body outranks it.
Error error_from_body(int http_status, std::string_view body,
                      std::optional<std::chrono::milliseconds> header_delay = std::nullopt);

// `status` is the object under "error"; http_status 0 = take its own code (an error inside a stream).
Error error_from_status(int http_status, const Json& status,
                        std::optional<std::chrono::milliseconds> header_delay = std::nullopt);

// "56s", "900ms", "1.203608125s".
std::optional<std::chrono::milliseconds> parse_duration(std::string_view text);

}  // namespace ottobot::llm::gemini
