#include "llm/gemini/decoder.hpp"

#include <algorithm>

#include "llm/gemini/errors.hpp"
#include "llm/gemini/models.hpp"
#include "llm/surrogates.hpp"
#include "ottobot/ids.hpp"

namespace ottobot::llm::gemini {
namespace {

constexpr std::size_t kMaxAnswerBytes = 64 << 20;
constexpr std::int64_t kMaxTokens = 1'000'000'000'000;  // of one answer: what a stream claims is added up over turns
constexpr std::string_view kDone = "[DONE]";  // of gateways that speak for several vendors

bool is_one_of(std::string_view text, std::initializer_list<std::string_view> names) {
  return std::find(names.begin(), names.end(), text) != names.end();
}

template <class P>
bool extend_unsigned(std::vector<Part>& parts, const std::string& text, const Json& opaque) {
  if (parts.empty() || !opaque.is_null()) return false;
  auto* last = std::get_if<P>(&parts.back());
  if (last == nullptr || !last->opaque.is_null()) return false;
  last->text += text;
  return true;
}

bool says_anything(const Message& message) {
  return std::any_of(message.parts.begin(), message.parts.end(), [](const Part& part) {
    const auto* text = std::get_if<TextPart>(&part);
    return (text != nullptr && !text->text.empty()) || std::holds_alternative<ToolCallPart>(part);
  });
}

std::int64_t tokens(const Json& usage, std::string_view key) {
  return std::clamp<std::int64_t>(get_int(usage, key), 0, kMaxTokens);
}

void drop_calls(Message& message) {
  auto& parts = message.parts;
  parts.erase(std::remove_if(parts.begin(), parts.end(),
                             [](const Part& part) { return std::holds_alternative<ToolCallPart>(part); }),
              parts.end());
}

}  // namespace

Result<void> StreamDecoder::feed(std::string_view bytes, DeltaSink& sink) {
  received_bytes_ += bytes.size();
  if (received_bytes_ > kMaxAnswerBytes) {
    return internal_error("the model's answer is larger than " + std::to_string(kMaxAnswerBytes >> 20) + " MiB");
  }
  if (framing_ == Framing::unknown) {
    const std::size_t start = bytes.find_first_not_of(" \t\r\n");
    if (start == std::string_view::npos) return {};
    bytes.remove_prefix(start);  // as when it came apart from what follows
    framing_ = bytes.front() == '[' || bytes.front() == '{' ? Framing::json : Framing::events;
  }
  if (framing_ == Framing::json) {
    for (const std::string& object : objects_.feed(bytes)) {
      if (auto ok = take_chunk(object, sink); !ok) return ok;
    }
    return {};
  }
  return take_events(events_.feed(bytes), sink);
}

Result<void> StreamDecoder::take_events(const std::vector<SseEvent>& events, DeltaSink& sink) {
  for (const SseEvent& event : events) {
    if (event.data.empty() || event.data == kDone) continue;
    if (auto ok = take_chunk(event.data, sink); !ok) return ok;
  }
  return {};
}

Result<void> StreamDecoder::take_chunk(std::string_view text, DeltaSink& sink) {
  auto chunk = parse_json(with_whole_surrogates(to_valid_utf8(text)));
  if (!chunk) return unavailable("the model's stream has a broken event: " + chunk.error().message);
  if (const Json* error = find_member(*chunk, "error")) return fail(error_from_status(0, *error));
  if (const Json* feedback = find_member(*chunk, "promptFeedback"))
    block_reason_ = get_string(*feedback, "blockReason");
  if (const Json* usage = find_member(*chunk, "usageMetadata")) take_usage(*usage);
  if (auto version = get_string(*chunk, "modelVersion"); !version.empty()) completion_.model_version = version;
  const Json* candidates = find_member(*chunk, "candidates");
  if (candidates == nullptr || !candidates->is_array() || candidates->empty()) return {};
  const Json& candidate = candidates->front();
  const Json* content = find_member(candidate, "content");
  const Json* parts = content == nullptr ? nullptr : find_member(*content, "parts");
  if (parts != nullptr && parts->is_array()) {
    for (const Json& part : *parts) take_part(part, sink);
  }
  take_finish(get_string(candidate, "finishReason"));
  if (auto message = get_string(candidate, "finishMessage"); !message.empty()) finish_message_ = message;
  return {};
}

// A reason that says that something is wrong is not taken back by a later STOP.
void StreamDecoder::take_finish(const std::string& reason) {
  if (reason.empty() || reason == "FINISH_REASON_UNSPECIFIED") return;
  if (finish_reason_.empty() || finish_reason_ == "STOP") finish_reason_ = reason;
}

Json StreamDecoder::opaque_of(const Json& part) const {
  const std::string signature = get_string(part, "thoughtSignature");
  return signature.empty() ? Json() : make_opaque(signature, model_);
}

void StreamDecoder::take_part(const Json& part, DeltaSink& sink) {
  if (const Json* call = find_member(part, "functionCall")) return take_call(*call, opaque_of(part));
  take_text(part, sink);
}

void StreamDecoder::take_text(const Json& part, DeltaSink& sink) {
  const std::string text = get_string(part, "text");
  const Json opaque = opaque_of(part);
  if (text.empty() && opaque.is_null()) return;
  auto& parts = completion_.message.parts;
  const bool thought = get_bool(part, "thought");
  if (thought && !extend_unsigned<ThinkingPart>(parts, text, opaque)) parts.push_back(ThinkingPart{text, opaque});
  if (!thought && !extend_unsigned<TextPart>(parts, text, opaque)) parts.push_back(TextPart{text, opaque});
  if (!text.empty()) thought ? sink.on_thinking(text) : sink.on_text(text);
}

void StreamDecoder::take_call(const Json& call, Json opaque) {
  ToolCallPart part;
  part.call_id = new_id();
  part.provider_id = get_string(call, "id");
  part.name = get_string(call, "name");
  const auto tool = std::find_if(tools_.begin(), tools_.end(),
                                 [&](const ToolSpec& spec) { return function_name(spec.name) == part.name; });
  if (tool != tools_.end()) part.name = tool->name;
  const Json* args = find_member(call, "args");
  if (args != nullptr && args->is_object()) part.args = *args;
  part.opaque = std::move(opaque);
  completion_.message.parts.push_back(std::move(part));
}

void StreamDecoder::take_usage(const Json& usage) {
  completion_.usage.input_tokens = tokens(usage, "promptTokenCount") + tokens(usage, "toolUsePromptTokenCount");
  completion_.usage.output_tokens = tokens(usage, "candidatesTokenCount") + tokens(usage, "thoughtsTokenCount");
  completion_.usage.cached_tokens = tokens(usage, "cachedContentTokenCount");
}

// A turn with calls ends with STOP like any other, so calls are read from the parts; the other reasons outrank them.
void StreamDecoder::judge_finish() {
  Completion& done = completion_;
  if (finish_reason_ == "STOP") return;
  done.detail = finish_message_.empty() ? finish_reason_ : finish_reason_ + ": " + finish_message_;
  if (finish_reason_ == "MAX_TOKENS" || finish_reason_ == "CONTINUATION") {
    done.finish = FinishReason::length;
    return;
  }
  const bool malformed =
      is_one_of(finish_reason_, {"MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL", "TOO_MANY_TOOL_CALLS"});
  done.finish = malformed ? FinishReason::malformed : FinishReason::blocked;
  drop_calls(done.message);
}

Result<Completion> StreamDecoder::finish(DeltaSink& sink) {
  completion_.message.role = Role::model;
  if (auto ok = take_events(events_.finish(), sink); !ok) return fail(ok.error());
  if (auto stray = parse_json(events_.stray())) {
    if (const Json* error = find_member(*stray, "error")) return fail(error_from_status(0, *error));
  }
  if (finish_reason_.empty() && !block_reason_.empty()) {
    completion_.finish = FinishReason::blocked;
    completion_.detail = "the prompt was blocked: " + block_reason_;
    return std::move(completion_);
  }
  if (finish_reason_.empty()) return unavailable("the model's stream ended before its answer was whole");
  judge_finish();
  if (completion_.finish == FinishReason::stop && !says_anything(completion_.message)) {
    return unavailable("the model's answer is empty");
  }
  return std::move(completion_);
}

}  // namespace ottobot::llm::gemini
