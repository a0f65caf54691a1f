// Events as the text that a store keeps. Pure functions.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "ottobot/event.hpp"

namespace ottobot::stores {

// What we wrote ourselves may nest a little deeper than what parse_json lets in from outside.
inline constexpr int kMaxStoredDepth = 1000;

struct EncodedEvent {
  const NewEvent* event = nullptr;  // borrowed
  std::string data;
  std::optional<std::string> internal;
};
std::vector<EncodedEvent> encode_events(const std::vector<NewEvent>& events);

// As read from the store; parsed when nobody waits for that any more.
struct StoredEvent {
  Seq seq = 0;
  UnixMillis timestamp = 0;
  std::string id, type, data;
  std::optional<std::string> internal;
};
// Errors: data_loss.
Result<Event> decode_event(const StoredEvent& stored);
Result<std::vector<Event>> decode_events(const std::vector<StoredEvent>& stored);

}  // namespace ottobot::stores
