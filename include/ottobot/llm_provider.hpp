// LlmProvider: one model call.
//
// Called by the agent's model node from any thread; several calls run at once. complete() blocks until the answer is
// whole and returns it; while it streams, the sink is called on the calling thread. A call is not retried here: retry,
// budgets and recording are decorators over this interface. An implementer passes ottobot::testing's
// LlmProviderContract.
#pragma once

#include <chrono>
#include <optional>
#include <span>
#include <string>

#include "ottobot/call_context.hpp"
#include "ottobot/message.hpp"

namespace ottobot {

struct ToolSpec {
  std::string name;
  std::string description;
  Json input_schema = Json::object();  // JSON Schema of the arguments, an object
  bool read_only = false;              // MCP readOnlyHint: may run beside other read-only calls
};

struct ModelInfo {
  std::string id;  // without the provider
  std::int64_t context_window_tokens = 0;
  std::int64_t max_output_tokens = 0;
  bool accepts_images = false;
  bool thinks = false;
  double usd_per_million_input = 0, usd_per_million_output = 0, usd_per_million_cached = 0;  // 0 = not known
};

struct CompletionParams {
  std::string model;
  std::string system;                 // system prompt
  std::span<const Message> messages;  // borrowed during the call; starts and ends with a user message
  std::span<const ToolSpec> tools;    // borrowed during the call
  std::optional<std::int64_t> max_output_tokens;
  std::optional<double> temperature;
  bool thinking = true;  // ask for thoughts where the model has them
};

enum class FinishReason {
  stop,      // a whole answer, with or without tool calls
  length,    // cut at max_output_tokens: tool calls in it are not to be run
  blocked,   // refused by the vendor's safety systems; Completion.detail says which
  malformed  // the model produced an invalid tool call: nothing of it is to be run
};

struct Completion {
  Message message;  // role model; call_id of its ToolCallParts is set
  FinishReason finish = FinishReason::stop;
  std::string detail;  // of a finish other than stop, for people
  Usage usage;
  std::string model_version;
};

// What of a streaming answer has arrived.
class DeltaSink {
 public:
  virtual ~DeltaSink() = default;
  virtual void on_text(std::string_view text) = 0;  // whole UTF-8 sequences
  virtual void on_thinking(std::string_view text) = 0;
  virtual void on_reset() = 0;  // forget everything so far: the call is tried again
  // The call failed with `error` and is made again after `delay`. For whoever tells people why they wait.
  virtual void on_retry(const Error& /*error*/, std::chrono::milliseconds /*delay*/) {}
  // The vendor sent something that shows nothing yet: a part of a tool call, a keep-alive. For whoever watches for
  // silence.
  virtual void on_activity() {}
};

class LlmProvider {
 public:
  virtual ~LlmProvider() = default;

  // Errors: unauthenticated, invalid_argument (the vendor refused the request; no retry helps), resource_exhausted
  // (rate or quota; retry_after says when to come back, 0 = soon; without it no wait within reason helps and the hint
  // says why), unavailable (overload, disconnect, silence, stream
  // without its end marker: may be repeated), cancelled, deadline_exceeded. A prompt longer than the window is
  // invalid_argument with details[0].field == "context_window".
  virtual Result<Completion> complete(const CompletionParams& params, DeltaSink& sink, const CallContext& ctx) = 0;

  // Window, price and abilities; what is not known is 0. Errors: not_found.
  virtual Result<ModelInfo> describe(const std::string& model, const CallContext& ctx) = 0;
};

}  // namespace ottobot
