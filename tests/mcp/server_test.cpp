#include "ottobot/mcp/server.hpp"

#include <stdexcept>

#include "mcp/mcp_fixtures.hpp"

namespace ottobot::mcp {
namespace {

using namespace test;

class ServerTest : public ::testing::Test {
 protected:
  ServerTest() {
    add(named_tool("echo", kEchoSchema), echo_handler);
    legacy_ = server_.make_session();
    (void)send(initialize_request(0));
  }

  void add(Tool tool, ToolHandler handler) {
    const auto added = server_.add_tool(std::move(tool), std::move(handler));
    ASSERT_TRUE(added.has_value()) << added.error().to_string();
  }

  // To the legacy session.
  Json send(const Json& message, CallContext ctx = {}) { return server_.handle(message, *legacy_, sink_, ctx); }
  Json legacy_call(const Json& params) { return send(make_request(1, "tools/call", params)); }
  Json send_modern(const Json& message, CallContext ctx = {}) {
    return server_.handle(message, *server_.make_session(), sink_, ctx);
  }

  Server server_{ServerOptions{{"server under test", "9.9"}, "be kind", {}}};
  std::shared_ptr<ServerSession> legacy_;
  CollectingSink sink_;
};

TEST_F(ServerTest, InitializeAgreesOnTheVersionOfTheClient) {
  for (const char* version : {"2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05"}) {
    const Json result = send(initialize_request("i", version)).at("result");
    EXPECT_EQ(result.at("protocolVersion"), version);
    EXPECT_EQ(result.at("serverInfo"), Json({{"name", "server under test"}, {"version", "9.9"}}));
    EXPECT_TRUE(result.at("capabilities").at("tools").is_object());
    EXPECT_FALSE(result.at("capabilities").contains("resources"));
    EXPECT_EQ(result.at("instructions"), "be kind");
  }
}

TEST_F(ServerTest, InitializeOffersTheLatestLegacyVersionForAnUnknownOne) {
  EXPECT_EQ(send(initialize_request(1, "1999-01-01")).at("result").at("protocolVersion"), kLegacyVersion);
  EXPECT_EQ(send(initialize_request(1, kModernVersion)).at("result").at("protocolVersion"), kLegacyVersion);
}

TEST_F(ServerTest, LegacyRequestsBeforeInitializeAreRefusedExceptPing) {
  const auto fresh = server_.make_session();
  EXPECT_EQ(server_.handle(make_request(1, "tools/list", Json::object()), *fresh, sink_, {}).at("error").at("code"),
            -32600);
  EXPECT_EQ(server_.handle(make_request(1, "ping", Json::object()), *fresh, sink_, {}).at("result"), Json::object());
}

TEST_F(ServerTest, ListsToolsInTheOrderOfTheirRegistration) {
  for (const char* name : {"zebra", "apple", "mango"}) add(named_tool(name), echo_handler);
  const Json tools = send(make_request(1, "tools/list", Json::object())).at("result").at("tools");
  std::vector<std::string> names;
  for (const Json& tool : tools) names.push_back(tool.at("name"));
  EXPECT_EQ(names, (std::vector<std::string>{"echo", "zebra", "apple", "mango"}));
  EXPECT_EQ(tools.at(0).at("inputSchema"), kEchoSchema);
}

TEST_F(ServerTest, RefusesACursorThatItNeverGave) {
  EXPECT_EQ(send(make_request(1, "tools/list", {{"cursor", "x"}})).at("error").at("code"), -32602);
}

TEST_F(ServerTest, CallsAToolWithOrWithoutArguments) {
  const Json response = legacy_call({{"name", "echo"}, {"arguments", {{"text", "hi"}}}});
  EXPECT_EQ(response.at("result").at("content").at(0).at("text"), "hi");
  EXPECT_FALSE(response.at("result").contains("isError"));
  EXPECT_FALSE(response.at("result").contains("resultType"));
  EXPECT_EQ(legacy_call({{"name", "echo"}}).at("result").at("content").at(0).at("text"), "nothing");
}

TEST_F(ServerTest, UnknownToolsAndBadCallParamsAreInvalidParams) {
  const std::vector<Json> bad{{{"name", "nope"}},
                              {{"name", 5}},
                              Json::object(),
                              {{"name", "echo"}, {"arguments", Json::array()}},
                              {{"name", "echo"}, {"arguments", "text"}}};
  for (const Json& params : bad) EXPECT_EQ(legacy_call(params).at("error").at("code"), -32602) << params.dump();
}

TEST_F(ServerTest, MethodsThatAreAbsentAreNotFoundInBothEras) {
  for (const char* method : {"resources/list", "prompts/list", "completion/complete", "no/such"}) {
    EXPECT_EQ(send(make_request(1, method, Json::object())).at("error").at("code"), -32601) << method;
    EXPECT_EQ(send_modern(modern_request(1, method)).at("error").at("code"), -32601) << method;
  }
  for (const char* method : {"initialize", "ping", "logging/setLevel", "resources/subscribe"}) {
    EXPECT_EQ(send_modern(modern_request(1, method)).at("error").at("code"), -32601) << method;
  }
}

TEST_F(ServerTest, AnErrorOfAToolIsShownToTheModelWithItsHint) {
  add(named_tool("fails"), [](ToolCall&, const CallContext&) -> Result<CallToolResult> {
    return not_found("no file x", "list the folder first");
  });
  const Json result = legacy_call({{"name", "fails"}}).at("result");
  EXPECT_TRUE(result.at("isError").get<bool>());
  EXPECT_EQ(result.at("content").at(0).at("text"), "no file x\nlist the folder first");
}

TEST_F(ServerTest, AFencedErrorIsTheCallersAndNotTheModels) {
  add(named_tool("fenced"),
      [](ToolCall&, const CallContext&) -> Result<CallToolResult> { return fenced("epoch 3 < 4"); });
  const Json error = legacy_call({{"name", "fenced"}}).at("error");
  EXPECT_EQ(error.at("code"), -32010);
  EXPECT_EQ(error.at("message"), "epoch 3 < 4");
  EXPECT_EQ(error.at("data"), Json({{"code", "fenced"}}));
}

TEST_F(ServerTest, ExceptionsOfHandlersBecomeErrorResults) {
  add(named_tool("throws"),
      [](ToolCall&, const CallContext&) -> Result<CallToolResult> { throw std::runtime_error("broken"); });
  add(named_tool("throws_int"), [](ToolCall&, const CallContext&) -> Result<CallToolResult> { throw 5; });
  const Json result = legacy_call({{"name", "throws"}}).at("result");
  EXPECT_TRUE(result.at("isError").get<bool>());
  EXPECT_EQ(result.at("content").at(0).at("text"), "tool throws failed: broken");
  EXPECT_TRUE(legacy_call({{"name", "throws_int"}}).at("result").at("isError").get<bool>());
}

TEST_F(ServerTest, ArgumentsThatBreakTheSchemaAreExplainedToTheModel) {
  int runs = 0;
  const Json schema = {
      {"type", "object"},
      {"properties",
       {{"path", {{"type", "string"}}}, {"line", {{"type", "integer"}}}, {"filter", {{"type", {"string", "null"}}}}}},
      {"required", {"path"}}};
  add(named_tool("read", schema), [&runs](ToolCall&, const CallContext&) { return ++runs, text_result("ok"); });
  const auto text_for = [this](const Json& args) {
    return legacy_call({{"name", "read"}, {"arguments", args}}).at("result").at("content").at(0).at("text");
  };
  const std::string head = "Invalid arguments for read:\n- ";
  EXPECT_EQ(text_for(Json::object()), head + "missing argument `path` (a string)");
  EXPECT_EQ(text_for({{"path", 5}}), head + "argument `path` must be a string, not the number 5");
  EXPECT_EQ(text_for({{"pth", "x"}, {"line", "7"}}),
            head +
                "missing argument `path` (a string)\n- argument `line` must be an integer, not the string \"7\"\n- "
                "unknown argument `pth`, did you mean `path`?");
  EXPECT_EQ(text_for({{"path", "x"}, {"filter", 1}}),
            head + "argument `filter` must be a string or null, not the number 1");
  EXPECT_EQ(runs, 0);
  EXPECT_EQ(text_for({{"path", "x"}, {"line", 2.0}, {"filter", nullptr}, {"extra", 1}}), "ok");
}

TEST_F(ServerTest, UnknownArgumentsOfAClosedSchemaAreNamedOnce) {
  const Json schema = {{"type", "object"},
                       {"properties", {{"path", {{"type", "string"}}}, {"limit", {{"type", "integer"}}}}},
                       {"additionalProperties", false}};
  add(named_tool("list", schema), echo_handler);
  add(named_tool("look", {{"type", "object"}, {"additionalProperties", false}}), echo_handler);
  const auto text_for = [this](const char* tool, const Json& args) {
    return legacy_call({{"name", tool}, {"arguments", args}}).at("result").at("content").at(0).at("text");
  };
  EXPECT_EQ(text_for("list", {{"pth", "x"}}),
            "Invalid arguments for list:\n- unknown argument `pth`, did you mean `path`?");
  EXPECT_EQ(text_for("list", {{"zebra", "x"}}),
            "Invalid arguments for list:\n- unknown argument `zebra`; known are `limit`, `path`");
  EXPECT_EQ(text_for("look", {{"zebra", "x"}}),
            "Invalid arguments for look:\n- unknown argument `zebra`; none are expected");
}

TEST_F(ServerTest, AResultThatBreaksTheOutputSchemaIsAnError) {
  Tool tool = named_tool("count", {{"type", "object"}});
  tool.output_schema = {{"type", "object"}, {"properties", {{"n", {{"type", "integer"}}}}}, {"required", {"n"}}};
  add(tool, [](ToolCall& call, const CallContext&) {
    CallToolResult result = text_result("counted");
    result.structured = call.args();
    return result;
  });
  const auto call = [this](const Json& args) {
    return legacy_call({{"name", "count"}, {"arguments", args}}).at("result");
  };
  EXPECT_EQ(call({{"n", 1}}).at("structuredContent").at("n"), 1);
  const Json broken = call({{"n", "one"}});
  EXPECT_TRUE(broken.at("isError").get<bool>());
  EXPECT_FALSE(broken.contains("structuredContent"));
}

TEST_F(ServerTest, RefusesToolsWithSchemasThatCannotBeUsed) {
  const auto added = server_.add_tool(named_tool("bad", {{"properties", {{"a", {{"type", "text"}}}}}}), echo_handler);
  ASSERT_FALSE(added);
  EXPECT_EQ(added.error().code, ErrorCode::invalid_argument);
  EXPECT_NE(added.error().message.find("/properties/a/type"), std::string::npos) << added.error().message;
  EXPECT_FALSE(server_.add_tool(named_tool("remote", {{"$ref", "https://example.org/schema"}}), echo_handler));
}

TEST_F(ServerTest, ProgressGoesOutOnlyForAToken) {
  add(named_tool("steps"), [](ToolCall& call, const CallContext&) {
    call.progress(1, 0, "");
    call.progress(2, 4, "half");
    return text_result("done");
  });
  legacy_call({{"name", "steps"}});
  EXPECT_TRUE(sink_.messages.empty());
  legacy_call({{"name", "steps"}, {"_meta", {{"progressToken", "tok"}}}});
  ASSERT_EQ(sink_.messages.size(), 2u);
  EXPECT_EQ(sink_.messages[0].at("params"), Json({{"progressToken", "tok"}, {"progress", 1.0}}));
  EXPECT_EQ(sink_.messages[1].at("params"),
            Json({{"progressToken", "tok"}, {"progress", 2.0}, {"total", 4.0}, {"message", "half"}}));
}

TEST_F(ServerTest, LogMessagesGoOutFromTheLevelThatTheCallerWants) {
  add(named_tool("logs"), [](ToolCall& call, const CallContext&) {
    call.log(LoggingLevel::debug, "detail");
    call.log(LoggingLevel::info, {{"step", 1}});
    call.log(LoggingLevel::error, "trouble");
    return text_result("done");
  });
  const auto levels = [this] {
    std::vector<std::string> found;
    for (const Json& message : std::exchange(sink_.messages, {})) found.push_back(message.at("params").at("level"));
    return found;
  };
  using Levels = std::vector<std::string>;
  legacy_call({{"name", "logs"}});
  EXPECT_EQ(levels(), (Levels{"info", "error"}));
  send(make_request(2, "logging/setLevel", {{"level", "error"}}));
  legacy_call({{"name", "logs"}});
  EXPECT_EQ(levels(), Levels{"error"});
  EXPECT_EQ(send(make_request(3, "logging/setLevel", {{"level", "loud"}})).at("error").at("code"), -32602);

  Json request = modern_request(4, "tools/call", {{"name", "logs"}});
  send_modern(request);
  EXPECT_EQ(levels(), Levels{});
  request["params"]["_meta"]["io.modelcontextprotocol/logLevel"] = "debug";
  send_modern(request);
  EXPECT_EQ(levels(), (Levels{"debug", "info", "error"}));
}

TEST_F(ServerTest, AToolThatNeedsACapabilityIsRefusedToCallersWithout) {
  Tool tool = named_tool("ask");
  tool.needed_capabilities = {{"sampling", {{"tools", Json::object()}}}, {"roots", Json::object()}};
  add(tool, echo_handler);
  EXPECT_EQ(legacy_call({{"name", "ask"}}).at("error").at("code"), -32021);
  Json request = modern_request(1, "tools/call", {{"name", "ask"}});
  Json& declared = request["params"]["_meta"]["io.modelcontextprotocol/clientCapabilities"];
  declared = {{"roots", Json::object()}, {"sampling", Json::object()}};
  const Json error = send_modern(request).at("error");
  EXPECT_EQ(error.at("data").at("requiredCapabilities"), Json({{"sampling", {{"tools", Json::object()}}}}));
  declared["sampling"]["tools"] = Json::object();
  EXPECT_TRUE(send_modern(request).contains("result"));
}

TEST_F(ServerTest, ACancelledNotificationStopsTheCallWithThatIdOnly) {
  bool stopped = false;
  add(named_tool("hold"), [&](ToolCall&, const CallContext& ctx) {
    // From inside the call, so that it surely runs.
    (void)send(make_notification("notifications/cancelled", {{"requestId", "1"}}));
    EXPECT_FALSE(ctx.stop.stop_requested());
    (void)send(make_notification("notifications/cancelled", {{"requestId", 1}}));
    stopped = ctx.stop.stop_requested();
    return text_result("partial");
  });
  EXPECT_EQ(legacy_call({{"name", "hold"}}).at("result").at("content").at(0).at("text"), "partial");
  EXPECT_TRUE(stopped);
}

TEST_F(ServerTest, DroppingTheSessionCancelsItsCalls) {
  bool stopped = false;
  add(named_tool("hold"), [&](ToolCall&, const CallContext& ctx) {
    legacy_.reset();
    stopped = ctx.stop.stop_requested();
    return text_result("");
  });
  legacy_call({{"name", "hold"}});
  EXPECT_TRUE(stopped);
}

TEST_F(ServerTest, HandlersSeeTheCallersStopTokenAndTheDeadlineOfTheServer) {
  Server limited(ServerOptions{{"limited", "1"}, "", std::chrono::hours(1)});
  std::chrono::milliseconds left{0};
  bool stopped = false;
  ASSERT_TRUE(limited
                  .add_tool(named_tool("look"),
                            [&](ToolCall&, const CallContext& ctx) {
                              left = ctx.remaining();
                              stopped = ctx.stop.stop_requested();
                              return text_result("");
                            })
                  .has_value());
  std::stop_source stop;
  stop.request_stop();
  (void)limited.handle(modern_request(1, "tools/call", {{"name", "look"}}), *limited.make_session(), sink_,
                       CallContext{}.with_stop(stop.get_token()));
  EXPECT_TRUE(stopped);
  EXPECT_GT(left, std::chrono::minutes(59));
  EXPECT_LE(left, std::chrono::hours(1));
}

TEST_F(ServerTest, NotificationsAndResponsesAreNotAnswered) {
  EXPECT_TRUE(send(make_notification("notifications/initialized", Json::object())).is_null());
  EXPECT_TRUE(send(make_notification("notifications/unheard-of", Json::object())).is_null());
  EXPECT_TRUE(send(make_response(5, Json::object())).is_null());
}

TEST_F(ServerTest, MalformedMessagesAreAnsweredWithAnError) {
  const Json response = send({{"jsonrpc", "2.0"}, {"id", 3}, {"method", 5}});
  EXPECT_EQ(response.at("error").at("code"), -32600);
  EXPECT_EQ(response.at("id"), 3);
}

TEST_F(ServerTest, DiscoverDescribesTheModernServer) {
  const Json result = send_modern(modern_request("d", "server/discover")).at("result");
  EXPECT_EQ(result.at("supportedVersions"), Json({kModernVersion}));
  EXPECT_EQ(result.at("resultType"), "complete");
  EXPECT_TRUE(result.at("capabilities").at("tools").is_object());
  EXPECT_EQ(result.at("_meta").at("io.modelcontextprotocol/serverInfo").at("name"), "server under test");
  EXPECT_TRUE(result.at("ttlMs").is_number_integer());
  EXPECT_EQ(result.at("cacheScope"), "private");
  EXPECT_EQ(result.at("instructions"), "be kind");
}

TEST_F(ServerTest, ModernResultsAreCompleteAndKeepTheMetaOfTheTool) {
  add(named_tool("meta"), [](ToolCall&, const CallContext&) {
    CallToolResult result = text_result("x");
    result.meta = {{meta::kBootId, "b1"}};
    result.structured = 5;
    return result;
  });
  const Json result = send_modern(modern_request(1, "tools/call", {{"name", "meta"}})).at("result");
  EXPECT_EQ(result.at("resultType"), "complete");
  EXPECT_EQ(result.at("_meta").at(meta::kBootId), "b1");
  EXPECT_TRUE(result.at("_meta").contains("io.modelcontextprotocol/serverInfo"));
  EXPECT_EQ(result.at("structuredContent"), 5);
  EXPECT_FALSE(result.contains("ttlMs"));
  // The legacy schema allows only objects there.
  EXPECT_FALSE(legacy_call({{"name", "meta"}}).at("result").contains("structuredContent"));
}

TEST_F(ServerTest, ModernListsCanBeCached) {
  const Json result = send_modern(modern_request(1, "tools/list")).at("result");
  EXPECT_TRUE(result.at("ttlMs").is_number_integer());
  EXPECT_EQ(result.at("cacheScope"), "private");
}

TEST_F(ServerTest, ModernRequestsNeedTheirEnvelope) {
  Json no_capabilities = modern_request(1, "tools/list");
  no_capabilities["params"]["_meta"].erase(modern::kClientCapabilitiesKey);
  EXPECT_EQ(send_modern(no_capabilities).at("error").at("code"), -32602);
  Json no_info = modern_request(1, "tools/list");
  no_info["params"]["_meta"].erase(modern::kClientInfoKey);
  EXPECT_TRUE(send_modern(no_info).contains("result"));
  EXPECT_EQ(send_modern(make_request(1, "server/discover", Json::object())).at("error").at("code"), -32602);
}

TEST_F(ServerTest, UnsupportedModernVersionsAreAnsweredWithTheSupportedOnes) {
  Json request = modern_request(1, "tools/list");
  request["params"]["_meta"][modern::kProtocolVersionKey] = "v999";
  const Json error = send_modern(request).at("error");
  EXPECT_EQ(error.at("code"), -32022);
  EXPECT_EQ(error.at("data"), Json({{"supported", {kModernVersion}}, {"requested", "v999"}}));
}

TEST_F(ServerTest, ToolNamesAreCheckedAndUnique) {
  EXPECT_EQ(server_.add_tool(named_tool("echo"), echo_handler).error().code, ErrorCode::already_exists);
  for (const std::string& name : {std::string(), std::string("a b"), std::string("\xC3\xA9"), std::string(129, 'a')}) {
    EXPECT_EQ(server_.add_tool(named_tool(name), echo_handler).error().code, ErrorCode::invalid_argument) << name;
  }
  EXPECT_EQ(server_.add_tool(named_tool("no_handler"), nullptr).error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(server_.add_tool(named_tool("no_schema", Json()), echo_handler).error().code, ErrorCode::invalid_argument);
}

}  // namespace
}  // namespace ottobot::mcp
