#include "stores/stored_event.hpp"

namespace ottobot::stores {
namespace {

Result<Json> parse_stored(Seq seq, const std::string& text) {
  auto parsed = parse_json(text, kMaxStoredDepth);
  if (!parsed) return data_loss("event " + std::to_string(seq) + " is damaged: " + parsed.error().message);
  return parsed;
}

}  // namespace

std::vector<EncodedEvent> encode_events(const std::vector<NewEvent>& events) {
  std::vector<EncodedEvent> encoded;
  encoded.reserve(events.size());
  for (const auto& event : events) {
    std::optional<std::string> internal;
    if (!event.internal.is_null()) internal = dump_json(event.internal);
    encoded.push_back({&event, dump_json(event.data), std::move(internal)});
  }
  return encoded;
}

Result<Event> decode_event(const StoredEvent& stored) {
  const auto type = parse_event_type(stored.type);
  if (!type) {
    return data_loss("event " + std::to_string(stored.seq) + " has the unknown type " + stored.type,
                     "it was written by another version of OttoBot");
  }
  auto data = parse_stored(stored.seq, stored.data);
  if (!data) return fail(data.error());
  Event event{stored.seq, stored.id, *type, stored.timestamp, std::move(*data), nullptr};
  if (stored.internal) {
    auto internal = parse_stored(stored.seq, *stored.internal);
    if (!internal) return fail(internal.error());
    event.internal = std::move(*internal);
  }
  return event;
}

Result<std::vector<Event>> decode_events(const std::vector<StoredEvent>& stored) {
  std::vector<Event> events;
  events.reserve(stored.size());
  for (const auto& each : stored) {
    auto event = decode_event(each);
    if (!event) return fail(event.error());
    events.push_back(std::move(*event));
  }
  return events;
}

}  // namespace ottobot::stores
