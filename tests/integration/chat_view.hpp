// What a chat client has to see of a log, by the table of events.
#pragma once

#include <cstdint>
#include <vector>

#include "integration/session_client.hpp"

namespace ottobot::integration {

using Seqs = std::vector<std::int64_t>;

// By the table of events: what has a chat frame.
inline bool is_visible(const Json& event) {
  const std::string type = get_string(event, "type");
  if (type == "agent_message") return !get_string(event["data"], "content").empty();
  return type != "session_created" && type != "model_call_started" && type != "log";
}

inline Seqs visible_after(const Events& events, std::int64_t after) {
  Seqs seqs;
  for (const Json& event : events) {
    if (get_int(event, "seq") > after && is_visible(event)) seqs.push_back(get_int(event, "seq"));
  }
  return seqs;
}

inline bool ends_a_turn(const Json& frame) {
  return get_string(frame, "type") == "system_update" && frame.contains("metadata") &&
         frame["metadata"].contains("outcome");
}

inline Seqs seqs_of(const std::vector<Json>& frames) {
  Seqs seqs;
  for (const Json& frame : frames) seqs.push_back(get_int(frame, "seq"));
  return seqs;
}

}  // namespace ottobot::integration
