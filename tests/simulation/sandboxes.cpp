#include "simulation/sandboxes.hpp"

#include "ottobot/ids.hpp"

namespace ottobot::simulation {
namespace {

net::HttpResponse reply(int status, const Json& body) {
  return {status, {{"Content-Type", "application/json"}}, dump_json(body)};
}

net::HttpResponse refusal(const Error& error) {
  return reply(error.code == ErrorCode::fenced ? 409 : 400, {{"message", error.message}});
}

std::string path_of(const std::string& url) {
  const auto host = url.find("://");
  return url.substr(url.find('/', host + 3));
}

class NoSink final : public McpMessageSink {
 public:
  void on_message(const Json&) override {}
};

mcp::Tool describe(const char* name, bool read_only) {
  mcp::Tool tool;
  tool.name = name;
  tool.input_schema = {{"type", "object"},
                       {"properties", {{"line", {{"type", "string"}}}, {"takes_ms", {{"type", "integer"}}}}}};
  tool.annotations.read_only = read_only;
  return tool;
}

}  // namespace

SimulatedSandbox::SimulatedSandbox(Scheduler& scheduler, Ledger& ledger, Lines& files)
    : scheduler_(scheduler),
      ledger_(ledger),
      files_(files),
      boot_id_(new_id()),
      server_(mcp::ServerOptions{.call_guard = [this](const Json& meta) { return admit(meta); }}),
      journal_(sandboxd::JournalOptions{}) {
  const auto handler = [this](mcp::ToolCall& request, const CallContext& ctx) { return call(request, ctx); };
  for (const bool read_only : {false, true}) {
    if (!server_.add_tool(describe(read_only ? "look" : "append", read_only), handler)) std::abort();
  }
}

Result<void> SimulatedSandbox::admit(const Json& meta) {
  const Json* epoch = find_member(meta, mcp::meta::kEpoch);
  const auto claimed = epoch != nullptr ? sandboxd::epoch_from_json(*epoch) : std::nullopt;
  if (!claimed) return invalid_argument("no epoch");
  return epochs_.claim(*claimed);
}

Result<mcp::CallToolResult> SimulatedSandbox::call(mcp::ToolCall& call, const CallContext& ctx) {
  const std::string id = get_string(call.meta(), mcp::meta::kCallId);
  const auto epoch = get_int(call.meta(), mcp::meta::kEpoch);
  if (epoch < highest_claim_) ledger_.violated("a call of epoch " + std::to_string(epoch) + " got past a newer claim");
  highest_claim_ = std::max<std::int64_t>(highest_claim_, epoch);
  const std::string line = call.name() == "append" ? get_string(call.args(), "line") : std::string();
  const Nanos duration = get_int(call.args(), "takes_ms") * kMillisecond;
  const std::string fingerprint = sha256_hex(call.name() + '\n' + dump_json(call.args()));
  auto done = journal_.call(
      {id, fingerprint, true, line.empty()},
      [=, this](const sandboxd::Progress&, const CallContext& own) { return run(id, line, duration, own); }, {}, ctx);
  if (!done) return fail(done.error());
  done->result.meta = {{mcp::meta::kBootId, boot_id_}};
  return std::move(done->result);
}

mcp::CallToolResult SimulatedSandbox::run(const std::string& id, const std::string& line, Nanos duration,
                                          const CallContext& ctx) {
  const auto slept = system_clock().sleep_for(std::chrono::milliseconds(duration / kMillisecond), ctx);
  if (!slept) return mcp::error_result("cancelled");
  if (!alive_) return mcp::error_result("dead");
  ledger_.effect(id, line.empty());
  if (!line.empty()) files_.push_back(line);
  scheduler_.trace("sandbox " + boot_id_.substr(0, 4) + ": effect " + line);
  return mcp::text_result("done");
}

Result<net::HttpResponse> SimulatedSandbox::answer(const net::HttpRequest& request, const CallContext& ctx) {
  if (!alive_) return unavailable("no sandbox answers");
  const std::string path = path_of(request.url);
  if (path == "/health") return reply(200, {{"boot_id", boot_id_}});
  if (path.starts_with("/archive")) return archive(request);
  if (path == "/files") {
    Json entries = Json::array();
    if (!files_.empty()) entries.push_back("lines");
    return reply(200, {{"entries", std::move(entries)}});
  }
  const auto body = parse_json(request.body);
  if (!body) return fail(body.error());
  auto answered = path == "/mcp" ? mcp(*body, ctx) : control(path.substr(path.rfind('/') + 1), *body);
  if (!alive_) return unavailable("the sandbox died");
  return answered;
}

net::HttpResponse SimulatedSandbox::control(const std::string& verb, const Json& body) {
  const std::int64_t epoch = get_int(body, "epoch");
  if (verb == "claim") {
    if (auto claimed = epochs_.claim(epoch); !claimed) return refusal(claimed.error());
    highest_claim_ = std::max(highest_claim_, epoch);
    return reply(200, {{"boot_id", boot_id_}});
  }
  if (auto admitted = epochs_.admit(epoch); !admitted) return refusal(admitted.error());
  if (verb == "cancel") {
    journal_.cancel(get_string(body, "call_id"));
  } else {
    journal_.acknowledge(body.at("call_ids").get<std::vector<std::string>>());
  }
  return reply(200, Json::object());
}

net::HttpResponse SimulatedSandbox::mcp(const Json& message, const CallContext& ctx) {
  NoSink sink;
  const auto session = server_.make_session();
  return reply(200, server_.handle(message, *session, sink, ctx));
}

net::HttpResponse SimulatedSandbox::archive(const net::HttpRequest& request) {
  if (request.method == "GET") return reply(200, files_);
  files_ = parse_json(request.body).value_or(Json::array()).get<Lines>();
  return reply(200, Json::object());
}

Endpoint SandboxHost::start(const std::string& name) {
  stop(name);
  const std::string url = "unix:/simulated/" + std::to_string(lives_.size());
  lives_[url] = std::make_unique<SimulatedSandbox>(scheduler_, ledger_, files_[name]);
  running_[name] = url;
  return {url, "token", {}};
}

void SandboxHost::stop(const std::string& name) {
  const auto running = running_.find(name);
  if (running == running_.end()) return;
  lives_.at(running->second)->die();
  running_.erase(running);
}

void SandboxHost::remove(const std::string& name) {
  stop(name);
  files_[name].clear();  // not erased: what died in it may still end
}

SimulatedSandbox* SandboxHost::at(const std::string& url) {
  const auto found = lives_.find(url);
  return found == lives_.end() ? nullptr : found->second.get();
}

Result<net::HttpResponse> SandboxConnections::fetch(const net::HttpRequest& request, const CallContext& ctx) {
  net::HttpRequest sent = request;
  if (request.body_source) {
    char buffer[4096];
    while (const std::size_t size = request.body_source(buffer, sizeof buffer)) sent.body.append(buffer, size);
    sent.body_source = nullptr;
  }
  const std::string what = request.method + " " + path_of(request.url);
  const auto answer = [&host = host_, sent = std::move(sent)](const CallContext& own) -> Result<net::HttpResponse> {
    SimulatedSandbox* sandbox = sent.endpoint ? host.at(sent.endpoint->url) : nullptr;
    if (sandbox == nullptr) return unavailable("no sandbox answers");
    return sandbox->answer(sent, own);
  };
  return wire_.call(what, ctx, answer, Wire::Runs::on_a_thread);
}

Result<void> SandboxConnections::stream(const net::HttpRequest& request, net::ResponseSink& sink,
                                        const CallContext& ctx) {
  auto response = fetch(request, ctx);
  if (!response) return fail(response.error());
  if (auto taken = sink.on_head(response->status, response->headers); !taken) return taken;
  return sink.on_body(response->body);
}

}  // namespace ottobot::simulation
