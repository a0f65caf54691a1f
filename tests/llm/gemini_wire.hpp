// How the stand-in's answers come over the wire: the same answer in every form that the API, and what stands between,
// gives it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "net/server/http_server.hpp"
#include "ottobot/json.hpp"

namespace ottobot::testing {

struct Wire {
  bool array = false;             // the streamed JSON array that comes without alt=sse
  std::string line_end = "\r\n";  // of events
  bool comments = true;           // around events, and right before data
  bool together = false;          // all parts of the answer in one event
  bool open_end = false;          // no blank line behind the last event
  bool ids = true;                // of calls
  bool gzip = false;
  std::size_t piece = 0;  // bytes per write; 0 = of changing size, so that cuts fall into lines, ends and characters
};

// One chunk with these parts.
Json answer_chunk(Json parts);
// `chunk` as the last one: {candidates:[{…, finishReason}]}, with a usage.
Json finished(Json chunk, const std::string& reason = "STOP");

std::string framed(std::vector<Json> chunks, const Wire& wire);
// An answer's start in server-sent events, for answers that go wrong behind it.
std::string sse(const std::vector<Json>& chunks);

// Compresses when `wire` says so. False once the client is gone.
bool send_body(net::Exchange& exchange, std::string_view body, const Wire& wire);

}  // namespace ottobot::testing
