#include "ottobot/llm/gemini.hpp"

#include "llm/gemini/decoder.hpp"
#include "llm/gemini/errors.hpp"
#include "llm/gemini/models.hpp"
#include "llm/gemini/request.hpp"
#include "net/client/http_client.hpp"

namespace ottobot {
namespace {

using namespace llm::gemini;

constexpr std::size_t kMaxErrorBytes = 256 << 10;

// Feeds the decoder, or collects what an error answer says.
class AnswerSink final : public net::ResponseSink {
 public:
  AnswerSink(StreamDecoder& decoder, DeltaSink& deltas) : decoder_(decoder), deltas_(deltas) {}

  Result<void> on_head(int status, const net::Headers& headers) override {
    status_ = status;
    deltas_.on_activity();
    if (auto seconds = headers.find("Retry-After")) retry_after_ = parse_duration(std::string(*seconds) + "s");
    if (auto ms = headers.find("Retry-After-Ms")) retry_after_ = parse_duration(std::string(*ms) + "ms");
    return {};
  }
  Result<void> on_body(std::string_view bytes) override {
    deltas_.on_activity();
    if (status_ == 200) {
      auto fed = decoder_.feed(bytes, deltas_);
      if (!fed) said_ = fed.error();
      return fed;
    }
    error_body_.append(bytes.substr(0, kMaxErrorBytes - error_body_.size()));
    return {};
  }

  // What the answer itself says is wrong, as opposed to how it came.
  const std::optional<Error>& said() const { return said_; }

  Result<Completion> finish() {
    if (status_ == 200) return decoder_.finish(deltas_);
    return fail(error_from_body(status_, error_body_, retry_after_));
  }

 private:
  StreamDecoder& decoder_;
  DeltaSink& deltas_;
  int status_ = 0;
  std::optional<std::chrono::milliseconds> retry_after_;
  std::string error_body_;
  std::optional<Error> said_;
};

class GeminiProvider final : public LlmProvider {
 public:
  GeminiProvider(GeminiOptions options, std::unique_ptr<net::HttpClient> http)
      : options_(std::move(options)), http_(std::move(http)) {}

  Result<Completion> complete(const CompletionParams& params, DeltaSink& sink, const CallContext& ctx) override {
    const std::string model = bare_model_name(params.model);
    if (model.empty()) return invalid_field("model", "no model is named");
    StreamDecoder decoder(model, params.tools);
    AnswerSink answer(decoder, sink);
    auto streamed = http_->stream(make_request(model, params), answer, ctx);
    if (answer.said()) return fail(cleaned(*answer.said()));
    if (!streamed) return fail(cleaned(transport_error(streamed.error(), ctx)));
    auto completion = answer.finish();
    if (!completion) return fail(cleaned(completion.error()));
    return completion;
  }

  Result<ModelInfo> describe(const std::string& model, const CallContext&) override {
    const std::string name = bare_model_name(model);
    if (name.rfind("gemini-", 0) != 0) return not_found("Gemini has no model " + model, "names begin with gemini-");
    return model_info(name);
  }

 private:
  net::HttpRequest make_request(const std::string& model, const CompletionParams& params) const {
    net::HttpRequest request;
    request.method = "POST";
    request.url =
        options_.base_url + "/v1beta/models/" + net::percent_encode_path(model) + ":streamGenerateContent?alt=sse";
    request.headers = {{"Content-Type", "application/json"}, {"x-goog-api-key", options_.api_key}};
    request.body = dump_json(build_request(params));
    request.connect_timeout = options_.connect_timeout;
    request.idle_timeout = options_.idle_timeout;
    return request;
  }

  // The idle time-out is the model's failure, not the caller's deadline; and what a broken connection left of HTTP may
  // look like anything.
  static Error transport_error(Error error, const CallContext& ctx) {
    const bool silent = error.code == ErrorCode::deadline_exceeded && ctx.remaining() > std::chrono::milliseconds(0);
    if (silent) error.hint = "the model's service hangs or is overloaded";
    if (silent || error.code == ErrorCode::internal) error.code = ErrorCode::unavailable;
    return error;
  }

  // Google's messages may quote the key.
  Error cleaned(Error error) const {
    for (std::string* text : {&error.message, &error.hint}) {
      for (std::size_t at = 0; (at = text->find(options_.api_key, at)) != std::string::npos;) {
        text->replace(at, options_.api_key.size(), "***");
      }
    }
    for (ErrorDetail& detail : error.details) detail.message = error.message;
    return error;
  }

  const GeminiOptions options_;
  const std::unique_ptr<net::HttpClient> http_;
};

std::string trimmed(const std::string& text) {
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  if (first == std::string::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

}  // namespace

Result<std::unique_ptr<LlmProvider>> make_gemini_provider(GeminiOptions options) {
  options.api_key = trimmed(options.api_key);
  if (options.api_key.empty()) {
    return unauthenticated("there is no Gemini API key",
                           "set GEMINI_API_KEY; https://aistudio.google.com/apikey makes one");
  }
  while (!options.base_url.empty() && options.base_url.back() == '/') options.base_url.pop_back();
  if (options.base_url.rfind("http://", 0) != 0 && options.base_url.rfind("https://", 0) != 0) {
    return invalid_argument("GEMINI_BASE_URL is not an http or https URL: \"" + options.base_url + "\"");
  }
  auto http = net::make_http_client();
  if (!http) return fail(http.error());
  return std::make_unique<GeminiProvider>(std::move(options), std::move(*http));
}

std::vector<ModelInfo> known_gemini_models() { return llm::gemini::known_models(); }

}  // namespace ottobot
