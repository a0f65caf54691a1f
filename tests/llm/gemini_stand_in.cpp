#include "llm/gemini_stand_in.hpp"

#include "ottobot/clock.hpp"

namespace ottobot::testing {
namespace {

using llm::scripted::Step;

constexpr std::size_t kMaxRequestBytes = 64 << 20;
constexpr std::chrono::minutes kLongestSilence{5};

bool signs(const std::string& model) { return model.rfind("gemini-3", 0) == 0; }

// The conversation as the scenario sees it.
std::vector<Message> conversation_of(const Json& request) {
  std::vector<Message> messages;
  for (const Json& content : request["contents"]) {
    Message message;
    message.role = get_string(content, "role") == "user" ? Role::user : Role::model;
    for (const Json& part : content["parts"]) {
      if (part.contains("text")) message.parts.push_back(TextPart{part["text"], nullptr});
    }
    messages.push_back(std::move(message));
  }
  return messages;
}

void append_text(std::vector<Json>& events, std::string_view text, std::size_t chunk, bool thought) {
  while (!text.empty()) {
    std::size_t size = std::min(chunk, text.size());
    while (size < text.size() && utf8_complete_prefix(text.substr(0, size)) != size) ++size;
    Json part = {{"text", text.substr(0, size)}};
    if (thought) part["thought"] = true;
    events.push_back(answer_chunk(Json::array({part})));
    text.remove_prefix(size);
  }
}

int http_status(ErrorCode code) {
  switch (code) {
    case ErrorCode::resource_exhausted:
      return 429;
    case ErrorCode::unavailable:
      return 503;
    case ErrorCode::unauthenticated:
      return 403;
    case ErrorCode::not_found:
      return 404;
    case ErrorCode::internal:
      return 500;
    default:
      return 400;
  }
}

std::string error_body(const Error& error) {
  Json details = Json::array();
  if (error.retry_after) {
    details.push_back({{"@type", "type.googleapis.com/google.rpc.RetryInfo"},
                       {"retryDelay", std::to_string(error.retry_after->count()) + "ms"}});
  }
  return google_error(http_status(error.code), std::string(to_string(error.code)), error.message, details);
}

}  // namespace

std::string google_error(int code, const std::string& status, const std::string& message, const Json& details) {
  Json error = {{"code", code}, {"message", message}, {"status", status}};
  if (!details.empty()) error["details"] = details;
  return Json({{"error", error}}).dump(2);
}

GeminiStandIn::GeminiStandIn(llm::scripted::Scenario scenario, GeminiStandInOptions options)
    : scenario_(std::move(scenario)), options_(std::move(options)) {}

GeminiStandIn::~GeminiStandIn() = default;

Result<std::unique_ptr<GeminiStandIn>> GeminiStandIn::start(const GeminiStandInOptions& options) {
  auto scenario = llm::scripted::parse_scenario(options.scenario);
  if (!scenario) return fail(scenario.error());
  std::unique_ptr<GeminiStandIn> stand_in(new GeminiStandIn(std::move(*scenario), options));
  auto server = net::make_http_server({});
  if (!server) return fail(server.error());
  net::ListenOptions listen;
  listen.port = options.port;
  listen.handler = [self = stand_in.get()](net::Exchange& exchange) { self->handle(exchange); };
  auto listener = (*server)->listen(std::move(listen));
  if (!listener) return fail(listener.error());
  stand_in->server_ = std::move(*server);
  stand_in->listener_ = std::move(*listener);
  return stand_in;
}

std::string GeminiStandIn::base_url() const { return "http://127.0.0.1:" + std::to_string(port()); }

void GeminiStandIn::answer_next(Canned answer) { plan_next(std::move(answer)); }

void GeminiStandIn::play_next(Wire wire) { plan_next(std::move(wire)); }

void GeminiStandIn::plan_next(Planned plan) {
  std::lock_guard lock(mutex_);
  planned_.push_back(std::move(plan));
}

std::size_t GeminiStandIn::planned() const {
  std::lock_guard lock(mutex_);
  return planned_.size();
}

std::vector<std::string> GeminiStandIn::violations() const {
  std::lock_guard lock(mutex_);
  return violations_;
}

std::vector<Json> GeminiStandIn::requests() const {
  std::lock_guard lock(mutex_);
  return requests_;
}

Json GeminiStandIn::violation_report() const {
  std::lock_guard lock(mutex_);
  return {{"count", violations_.size()}, {"requests", requests_.size()}, {"texts", violations_}};
}

void GeminiStandIn::handle(net::Exchange& exchange) {
  const net::RequestHead& head = exchange.request();
  if (head.method == "GET" && head.path == "/violations") {
    return exchange.respond({200, {{"Content-Type", "application/json"}}, violation_report().dump()});
  }
  constexpr std::string_view kPrefix = "/v1beta/models/", kSuffix = ":streamGenerateContent";
  const std::string path = net::percent_decode(head.path).value_or("");
  const bool is_ours = path.size() > kPrefix.size() + kSuffix.size() && path.rfind(kPrefix, 0) == 0 &&
                       path.substr(path.size() - kSuffix.size()) == kSuffix;
  if (head.method != "POST" || !is_ours || head.query_param("alt") != "sse") {
    return refuse(exchange, "unexpected request: " + head.method + " " + head.target);
  }
  generate(exchange, path.substr(kPrefix.size(), path.size() - kPrefix.size() - kSuffix.size()));
}

void GeminiStandIn::refuse(net::Exchange& exchange, const std::string& text) {
  {
    std::lock_guard lock(mutex_);
    violations_.push_back(text);
  }
  exchange.respond({400, {{"Content-Type", "application/json"}}, google_error(400, "INVALID_ARGUMENT", text)});
}

void GeminiStandIn::generate(net::Exchange& exchange, const std::string& model) {
  auto body = exchange.read_body(kMaxRequestBytes);
  if (!body) return;
  if (exchange.request().headers.find("x-goog-api-key") != options_.api_key) {
    const Json detail = {{"@type", "type.googleapis.com/google.rpc.ErrorInfo"}, {"reason", "API_KEY_INVALID"}};
    return exchange.respond({400,
                             {{"Content-Type", "application/json"}},
                             google_error(400, "INVALID_ARGUMENT", "API key not valid. Please pass a valid API key.",
                                          Json::array({detail}))});
  }
  if (exchange.request().headers.find("Content-Type") != "application/json") {
    return refuse(exchange, "the content type is not application/json");
  }
  auto request = parse_json(*body);
  if (!request) return refuse(exchange, "Invalid JSON payload received. " + request.error().message);
  std::optional<std::string> complaint;
  Planned plan = Wire{};
  {
    std::lock_guard lock(mutex_);
    complaint = rules_.check(*request, signs(model));
    if (!complaint) requests_.push_back(*request);
    if (!complaint && !planned_.empty()) {
      plan = std::move(planned_.front());
      planned_.pop_front();
    }
  }
  if (complaint) return refuse(exchange, *complaint);
  if (const auto* canned = std::get_if<Canned>(&plan)) return send_canned(exchange, *canned);
  const auto messages = conversation_of(*request);
  const auto choice = llm::scripted::choose_step(scenario_, messages);
  Step step;
  step.text = choice.excuse;
  if (choice.step != nullptr) step = *choice.step;
  if (choice.step != nullptr && options_.adapt) options_.adapt(step, *request);
  play(exchange, model, step, std::get<Wire>(plan));
}

void GeminiStandIn::send_canned(net::Exchange& exchange, const Canned& answer) {
  net::Headers headers = answer.headers;
  headers.set("Content-Type", answer.content_type);
  if (answer.wire.gzip) headers.set("Content-Encoding", "gzip");
  if (!exchange.start(answer.status, headers)) return;
  if (!send_body(exchange, answer.body, answer.wire)) return;
  if (answer.end == End::silence) fall_silent(exchange);
  if (answer.end == End::whole) exchange.finish();
}

// Until the client gives up.
void GeminiStandIn::fall_silent(net::Exchange& exchange) {
  CallContext ctx;
  ctx.stop = exchange.client_gone();
  ++silent_;
  (void)system_clock().sleep_for(kLongestSilence, ctx);
}

void GeminiStandIn::play(net::Exchange& exchange, const std::string& model, const Step& step, const Wire& wire) {
  CallContext ctx;
  ctx.stop = exchange.client_gone();
  if (step.delay.count() > 0 && !system_clock().sleep_for(step.delay, ctx)) return;
  const bool said_something = !step.text.empty() || !step.thinking.empty();
  if (step.error && !said_something) {
    return exchange.respond(
        {http_status(step.error->code), {{"Content-Type", "application/json"}}, error_body(*step.error)});
  }
  net::Headers headers{{"Content-Type", wire.array ? "application/json" : "text/event-stream"}};
  if (wire.gzip) headers.set("Content-Encoding", "gzip");
  if (!exchange.start(200, headers)) return;
  std::string body = framed(chunks_of(model, step, wire), wire);
  if (step.error) body += "data: " + Json::parse(error_body(*step.error)).dump() + "\r\n\r\n";
  if (send_body(exchange, body, wire)) exchange.finish();
}

std::vector<Json> GeminiStandIn::chunks_of(const std::string& model, const Step& step, const Wire& wire) {
  std::lock_guard lock(mutex_);
  const auto next = [this](const char* prefix) { return prefix + std::to_string(++made_); };
  std::vector<Json> events;
  append_text(events, step.thinking, step.chunk_bytes, true);
  append_text(events, step.text, step.chunk_bytes, false);
  if (step.error) return events;
  bool first_call = true;
  for (const ToolCallPart& call : step.calls) {
    Json part = {{"functionCall", {{"name", call.name}, {"args", call.args}}}};
    if (signs(model) && wire.ids) part["functionCall"]["id"] = next("call-");
    if (signs(model) && std::exchange(first_call, false)) part["thoughtSignature"] = next("sig/+=");
    rules_.remember(part);
    events.push_back(answer_chunk(Json::array({part})));
  }
  Json last = {{"text", ""}};
  if (signs(model) && step.calls.empty()) {
    last["thoughtSignature"] = next("sig/+=");
    rules_.remember(last);
  }
  Json end = answer_chunk(Json::array({last}));
  end = finished(std::move(end));
  end["usageMetadata"] = {{"promptTokenCount", 100},
                          {"candidatesTokenCount", static_cast<int>(step.text.size() / 4 + 1)},
                          {"thoughtsTokenCount", static_cast<int>(step.thinking.size() / 4)}};
  events.push_back(std::move(end));
  return events;
}

}  // namespace ottobot::testing
