#include "fuzz/property.hpp"
#include "fuzz/targets.hpp"
#include "llm/gemini/decoder.hpp"
#include "ottobot/testing/recording_delta_sink.hpp"

namespace ottobot::fuzz {
namespace {

// The parts as JSON, without the random ids of the calls.
Json parts_of(Message message) {
  for (Part& part : message.parts) {
    if (auto* call = std::get_if<ToolCallPart>(&part)) call->call_id.clear();
  }
  return to_json(message);
}

std::string read(const std::vector<std::string_view>& pieces) {
  llm::gemini::StreamDecoder decoder("gemini-3-pro-preview", {});
  testing::RecordingDeltaSink sink;
  Result<void> fed;
  for (const std::string_view piece : pieces) {
    if (fed = decoder.feed(piece, sink); !fed) break;
  }
  auto done = fed ? decoder.finish(sink) : Result<Completion>(fail(fed.error()));
  require(sink.all_valid_utf8, "deltas are valid UTF-8");
  const std::string shown = sink.text + "|" + sink.thinking + "|";
  if (!done) return shown + done.error().to_string();
  const auto again = message_from_json(to_json(done->message));
  require(again && to_json(*again) == to_json(done->message), "a message goes into the log and comes back");
  require(utf8_length(text_of(done->message)).has_value(), "texts are valid UTF-8");
  return shown + dump_json(parts_of(done->message)) + dump_json(to_json(done->usage)) + done->detail + "|" +
         done->model_version + "|" + std::to_string(static_cast<int>(done->finish));
}

}  // namespace

void gemini_stream(std::string_view input) {
  require(read({input}) == read(pieces_of(input)), "splitting does not change the answer");
}

}  // namespace ottobot::fuzz
