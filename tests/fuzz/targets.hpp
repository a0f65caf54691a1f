// What is fuzzed: each target feeds any bytes to one parser and checks what must hold for all of them.
//
// libFuzzer calls them in build preset `fuzz`; in every preset seeds_test.cpp replays the files of seeds/NAME.
#pragma once

#include <string_view>

namespace ottobot::fuzz {

void chat_frames(std::string_view input);
void config_file(std::string_view input);
void gemini_stream(std::string_view input);
void http_chunked(std::string_view input);
void http_request(std::string_view input);
void http_response(std::string_view input);
void http_values(std::string_view input);
void json_pattern(std::string_view input);
void json_schema(std::string_view input);
void mcp_message(std::string_view input);
void patch(std::string_view input);
void rfb_client(std::string_view input);
void sse(std::string_view input);
void websocket_frames(std::string_view input);
void zip_entries(std::string_view input);
void zip_unpack(std::string_view input);

}  // namespace ottobot::fuzz
