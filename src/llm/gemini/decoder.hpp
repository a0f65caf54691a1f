// The answer of streamGenerateContent: bytes in, deltas and one Completion out. No I/O, not thread-safe.
//
// Takes server-sent events (alt=sse), the streamed JSON array that comes without it, and a bare JSON error in either.
#pragma once

#include <optional>
#include <span>
#include <string>

#include "llm/gemini/json_splitter.hpp"
#include "llm/sse.hpp"
#include "ottobot/llm_provider.hpp"

namespace ottobot::llm::gemini {

class StreamDecoder {
 public:
  // `tools` is borrowed; calls get the names by which the tools are known there.
  StreamDecoder(std::string model, std::span<const ToolSpec> tools) : model_(std::move(model)), tools_(tools) {}

  // Errors: whatever the stream carries, unavailable for an event that cannot be read, internal for an endless one.
  Result<void> feed(std::string_view bytes, DeltaSink& sink);
  // After the last byte of a stream that ended as HTTP says it should, so that an event whose blank line is missing is
  // whole. Errors: whatever the stream carried, unavailable when the end marker is missing.
  Result<Completion> finish(DeltaSink& sink);

 private:
  enum class Framing { unknown, events, json };

  Result<void> take_events(const std::vector<SseEvent>& events, DeltaSink& sink);
  Result<void> take_chunk(std::string_view text, DeltaSink& sink);
  void take_part(const Json& part, DeltaSink& sink);
  void take_text(const Json& part, DeltaSink& sink);
  void take_call(const Json& call, Json opaque);
  void take_finish(const std::string& reason);
  void take_usage(const Json& usage);
  Json opaque_of(const Json& part) const;
  void judge_finish();

  std::string model_;
  std::span<const ToolSpec> tools_;
  Framing framing_ = Framing::unknown;
  std::size_t received_bytes_ = 0;
  SseParser events_;
  JsonSplitter objects_;
  Completion completion_;
  std::string finish_reason_, finish_message_, block_reason_;
};

}  // namespace ottobot::llm::gemini
