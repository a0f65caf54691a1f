// libcurl's start and its result codes as errors. Private to net/client.
#pragma once

#include <curl/curl.h>

#include <string>

#include "ottobot/error.hpp"

namespace ottobot::net {

// Once per process; may be repeated, from any thread.
Result<void> init_curl();

// `text` is libcurl's own explanation and may be empty; of `url` only scheme, host and port are shown.
Error curl_error(CURLcode code, const char* text, const std::string& url);

}  // namespace ottobot::net
