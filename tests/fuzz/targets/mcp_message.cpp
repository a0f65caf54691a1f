// One message to a server of both eras, and the readers of what a peer sends.
#include "fuzz/property.hpp"
#include "fuzz/targets.hpp"
#include "mcp/jsonrpc.hpp"
#include "mcp/legacy_era.hpp"
#include "mcp/modern_era.hpp"
#include "mcp/param_headers.hpp"
#include "ottobot/mcp/server.hpp"

namespace ottobot::fuzz {
namespace {

using mcp::Incoming;

class Silent final : public McpMessageSink {
 public:
  void on_message(const Json& message) override {
    require(mcp::parse_message(message).has_value(), "we send messages");
  }
};

mcp::Server& server() {
  static mcp::Server instance(mcp::ServerOptions{{"fuzzed", "1"}, "Instructions.", std::chrono::seconds(1), {}});
  static const bool ready = [] {
    mcp::Tool tool;
    tool.name = "echo";
    tool.input_schema = {{"type", "object"},
                         {"properties", {{"text", {{"type", "string"}, {"x-mcp-header", "Text"}}}}},
                         {"required", {"text"}}};
    return instance
        .add_tool(std::move(tool),
                  [](mcp::ToolCall& call, const CallContext&) -> Result<mcp::CallToolResult> {
                    call.progress(1, 2, "half");
                    call.log(mcp::LoggingLevel::warning, call.args());
                    return mcp::text_result(get_string(call.args(), "text"));
                  })
        .has_value();
  }();
  require(ready, "the tool is taken");
  return instance;
}

void check_answer(const Json& message) {
  Silent sink;
  const auto session = server().make_session();
  const Json answer = server().handle(message, *session, sink, with_timeout(std::chrono::seconds(1)));
  const auto incoming = mcp::parse_message(message);
  if (answer.is_null()) {
    require(incoming && incoming->kind != Incoming::Kind::request, "a request is answered");
    return;
  }
  require(mcp::parse_response(answer).has_value(), "an answer is a response");
  if (incoming && incoming->kind == Incoming::Kind::request) {
    require(answer.at("id") == *incoming->id, "an answer has the id of its request");
  }
  require(parse_json(dump_json(answer)).has_value(), "an answer can be sent");
}

void check_reading(const Json& message) {
  mcp::legacy::parse_initialize_result(message);
  mcp::modern::parse_discover_result(message);
  mcp::modern::is_complete(message);
  if (const auto response = mcp::parse_response(message)) {
    if (!*response) mcp::modern::offered_versions(response->error());
    if (*response) mcp::call_tool_result_from_json(**response);
  }
  if (const auto tool = mcp::tool_from_json(message)) {
    require(mcp::tool_from_json(mcp::to_json(*tool)).has_value(), "a tool that is written anew is read");
    if (const auto annotated = mcp::find_param_headers(tool->input_schema)) {
      mcp::encode_param_headers(*annotated, message);
    }
  }
  if (const auto result = mcp::call_tool_result_from_json(message)) {
    require(mcp::call_tool_result_from_json(mcp::to_json(*result)).has_value(),
            "a result that is written anew is read");
  }
}

}  // namespace

void mcp_message(std::string_view input) {
  const auto message = parse_json(input);
  if (!message) return;
  const Json id = mcp::usable_id(*message);
  require(id.is_null() || mcp::is_valid_id_value(id), "an id to answer with is valid");
  check_answer(*message);
  check_reading(*message);
}

}  // namespace ottobot::fuzz
