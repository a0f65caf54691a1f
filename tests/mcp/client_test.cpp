#include "ottobot/mcp/client.hpp"

#include <deque>
#include <mutex>

#include "mcp/mcp_fixtures.hpp"
#include "ottobot/mcp/transports.hpp"

namespace ottobot::mcp {
namespace {

using namespace test;

// Answers requests from a script and keeps what was sent.
class ScriptedTransport final : public McpTransport {
 public:
  struct Script {
    std::function<Result<Json>(const Json& request, McpMessageSink& sink)> answer;
    std::vector<Json> requests, sent;
    std::vector<std::string> versions;
  };
  explicit ScriptedTransport(Script& script) : script_(script) {}

  Result<Json> request(const Json& message, McpMessageSink& sink, const CallContext&) override {
    script_.requests.push_back(message);
    return script_.answer(message, sink);
  }
  Result<void> send(const Json& message, const CallContext&) override {
    script_.sent.push_back(message);
    return {};
  }
  void set_protocol_version(const std::string& version) override { script_.versions.push_back(version); }
  void close() override {}

 private:
  Script& script_;
};

Json error_to(const Json& request, int code, Json data = nullptr) {
  return make_error_response(request.at("id"), {code, "refused", std::move(data)});
}

Json discovered(const Json& request) {
  return make_response(request.at("id"),
                       Json{{"supportedVersions", {kModernVersion}},
                            {"_meta", {{modern::kServerInfoKey, {{"name", "m"}, {"version", "2"}}}}}});
}

Json initialized(const Json& request, std::string_view version = kLegacyVersion) {
  return make_response(request.at("id"),
                       Json{{"protocolVersion", version}, {"serverInfo", {{"name", "l"}, {"version", "1"}}}});
}

class ClientTest : public ::testing::Test {
 protected:
  Result<std::unique_ptr<Client>> connect(Era era = Era::automatic) {
    ClientOptions options;
    options.era = era;
    return Client::connect(std::make_unique<ScriptedTransport>(script_), options, {});
  }

  // A server of the legacy era whose other methods are answered by `rest`.
  void be_legacy(std::function<Result<Json>(const Json&, McpMessageSink&)> rest) {
    script_.answer = [rest](const Json& request, McpMessageSink& sink) -> Result<Json> {
      if (request.at("method") == "initialize") return initialized(request);
      return rest(request, sink);
    };
  }

  ScriptedTransport::Script script_;
};

TEST_F(ClientTest, StaysModernWhenDiscoverSucceeds) {
  script_.answer = [](const Json& request, McpMessageSink&) -> Result<Json> { return discovered(request); };
  const auto client = connect();
  ASSERT_TRUE(client.has_value()) << client.error().to_string();
  EXPECT_EQ((*client)->era(), Era::modern);
  EXPECT_EQ((*client)->server_info().name, "m");
  EXPECT_EQ(script_.versions, std::vector<std::string>{std::string(kModernVersion)});
  const Json& meta = script_.requests.at(0).at("params").at("_meta");
  EXPECT_EQ(meta.at(modern::kProtocolVersionKey), kModernVersion);
  EXPECT_TRUE(meta.at(modern::kClientCapabilitiesKey).is_object());
  EXPECT_EQ(meta.at(modern::kClientInfoKey).at("name"), "ottobot");
}

TEST_F(ClientTest, FallsBackToInitializeWhateverALegacyServerMakesOfDiscover) {
  const std::vector<std::function<Result<Json>(const Json&)>> reactions{
      [](const Json& request) { return error_to(request, -32601); },
      [](const Json& request) { return error_to(request, -32600); },
      [](const Json& request) {
        return error_to(request, -32022, {{"supported", {"2025-06-18"}}});
      },
      [](const Json&) -> Result<Json> { return not_found("HTTP 404"); },
      [](const Json&) -> Result<Json> { return internal_error("HTTP 400"); },
      [](const Json&) -> Result<Json> { return deadline_exceeded(); },
      [](const Json& request) {
        return make_response(request.at("id"), Json{{"odd", true}});
      }};
  for (const auto& reaction : reactions) {
    script_ = {};
    script_.answer = [&reaction](const Json& request, McpMessageSink&) -> Result<Json> {
      return request.at("method") == "initialize" ? initialized(request, "2025-06-18") : reaction(request);
    };
    const auto client = connect();
    ASSERT_TRUE(client.has_value()) << client.error().to_string();
    EXPECT_EQ((*client)->era(), Era::legacy);
    EXPECT_EQ(script_.versions.back(), "2025-06-18");
    ASSERT_EQ(script_.sent.size(), 1u);
    EXPECT_EQ(script_.sent[0].at("method"), "notifications/initialized");
    EXPECT_FALSE(script_.requests.back().at("params").contains("_meta"));
  }
}

TEST_F(ClientTest, ReportsAPeerThatIsNotThereInsteadOfFallingBack) {
  script_.answer = [](const Json&, McpMessageSink&) -> Result<Json> { return unavailable("refused"); };
  EXPECT_EQ(connect().error().code, ErrorCode::unavailable);
  EXPECT_EQ(script_.requests.size(), 1u);
}

TEST_F(ClientTest, RetriesOnceWhenAServerOffersTheVersionThatItRefused) {
  script_.answer = [this](const Json& request, McpMessageSink&) -> Result<Json> {
    if (script_.requests.size() == 1) return error_to(request, -32022, {{"supported", {kModernVersion}}});
    return discovered(request);
  };
  EXPECT_EQ(connect().value()->era(), Era::modern);
  EXPECT_NE(script_.requests.at(0).at("id"), script_.requests.at(1).at("id"));
}

TEST_F(ClientTest, RefusesServersWithoutACommonVersion) {
  script_.answer = [](const Json& request, McpMessageSink&) -> Result<Json> {
    return request.at("method") == "initialize" ? Result<Json>(initialized(request, "1999-01-01"))
                                                : error_to(request, -32601);
  };
  EXPECT_EQ(connect().error().code, ErrorCode::unsupported);
  EXPECT_EQ(connect(Era::modern).error().code, ErrorCode::unsupported);
  script_.answer = [](const Json& request, McpMessageSink&) -> Result<Json> {
    return error_to(request, -32022, {{"supported", {"2099-01-01"}}});
  };
  EXPECT_EQ(connect().error().code, ErrorCode::unsupported);
}

TEST_F(ClientTest, AForcedEraIsTheOnlyOneTried) {
  be_legacy([](const Json& request, McpMessageSink&) { return error_to(request, -32601); });
  ASSERT_TRUE(connect(Era::legacy).has_value());
  ASSERT_EQ(script_.requests.size(), 1u);
  EXPECT_EQ(script_.requests[0].at("method"), "initialize");
}

TEST_F(ClientTest, FollowsThePagesOfAToolList) {
  be_legacy([](const Json& request, McpMessageSink&) -> Result<Json> {
    if (request.at("method") == "server/discover") return error_to(request, -32601);
    const std::string cursor = get_string(request.at("params"), "cursor", "0");
    Json page = {{"tools", {{{"name", "tool" + cursor}, {"inputSchema", Json::object()}}}}};
    if (cursor != "2") page["nextCursor"] = std::to_string(std::stoi(cursor) + 1);
    return make_response(request.at("id"), page);
  });
  const auto tools = connect().value()->list_tools({});
  ASSERT_TRUE(tools.has_value()) << tools.error().to_string();
  ASSERT_EQ(tools->size(), 3u);
  EXPECT_EQ((*tools)[2].name, "tool2");
}

TEST_F(ClientTest, AToolListWithoutEndIsAnError) {
  be_legacy([](const Json& request, McpMessageSink&) -> Result<Json> {
    return make_response(request.at("id"), Json{{"tools", Json::array()}, {"nextCursor", "again"}});
  });
  EXPECT_EQ(connect(Era::legacy).value()->list_tools({}).error().code, ErrorCode::internal);
}

TEST_F(ClientTest, MapsErrorCodes) {
  int code = 0;
  Json data;
  be_legacy([&](const Json& request, McpMessageSink&) -> Result<Json> { return error_to(request, code, data); });
  const auto client = connect(Era::legacy).value();
  const auto code_of = [&](int rpc, Json rpc_data = nullptr) {
    code = rpc;
    data = std::move(rpc_data);
    return client->call_tool("x", {}, {}, {}).error().code;
  };
  EXPECT_EQ(code_of(-32602), ErrorCode::invalid_argument);
  EXPECT_EQ(code_of(-32601), ErrorCode::not_found);
  EXPECT_EQ(code_of(-32010, {{"code", "fenced"}}), ErrorCode::fenced);
  EXPECT_EQ(code_of(-32010), ErrorCode::internal);
  EXPECT_EQ(code_of(-1), ErrorCode::internal);
}

TEST_F(ClientTest, StartsANewSessionOnceWhenTheOldOneIsGone) {
  int lost = 1;
  be_legacy([&lost](const Json& request, McpMessageSink&) -> Result<Json> {
    if (lost-- > 0) return not_found("session ended");
    return make_response(request.at("id"), to_json(text_result("again")));
  });
  const auto client = connect(Era::legacy).value();
  const auto result = client->call_tool("x", {}, {}, {});
  ASSERT_TRUE(result.has_value()) << result.error().to_string();
  EXPECT_EQ(result->content.at(0).at("text"), "again");
  EXPECT_EQ(script_.sent.size(), 2u) << "two handshakes";
  lost = 2;
  EXPECT_EQ(client->call_tool("x", {}, {}, {}).error().code, ErrorCode::not_found);
}

TEST_F(ClientTest, TellsALegacyServerThatTheCallerIsGone) {
  be_legacy([](const Json&, McpMessageSink&) -> Result<Json> { return cancelled(); });
  const auto client = connect(Era::legacy).value();
  EXPECT_EQ(client->call_tool("x", {}, {}, {}).error().code, ErrorCode::cancelled);
  ASSERT_EQ(script_.sent.size(), 2u);
  EXPECT_EQ(script_.sent[1].at("method"), "notifications/cancelled");
  EXPECT_EQ(script_.sent[1].at("params").at("requestId"), script_.requests.back().at("id"));
}

TEST_F(ClientTest, AModernServerIsNotToldBecauseItsStreamIsClosed) {
  script_.answer = [](const Json& request, McpMessageSink&) -> Result<Json> {
    if (request.at("method") == "server/discover") return discovered(request);
    return cancelled();
  };
  EXPECT_EQ(connect().value()->call_tool("x", {}, {}, {}).error().code, ErrorCode::cancelled);
  EXPECT_TRUE(script_.sent.empty());
}

TEST_F(ClientTest, AnswersRequestsOfTheServer) {
  be_legacy([](const Json& request, McpMessageSink& sink) -> Result<Json> {
    sink.on_message(make_request("s1", "ping", Json::object()));
    sink.on_message(make_request("s2", "sampling/createMessage", Json::object()));
    return make_response(request.at("id"), to_json(text_result("ok")));
  });
  ASSERT_TRUE(connect(Era::legacy).value()->call_tool("x", {}, {}, {}).has_value());
  ASSERT_EQ(script_.sent.size(), 3u);
  EXPECT_EQ(script_.sent[1], make_response("s1", Json::object()));
  EXPECT_EQ(script_.sent[2].at("error").at("code"), -32601);
}

TEST_F(ClientTest, RefusesAResultThatAsksForInput) {
  script_.answer = [](const Json& request, McpMessageSink&) -> Result<Json> {
    if (request.at("method") == "server/discover") return discovered(request);
    return make_response(request.at("id"), Json{{"resultType", "input_required"}});
  };
  EXPECT_EQ(connect().value()->call_tool("x", {}, {}, {}).error().code, ErrorCode::unsupported);
}

class ClientOfBothEras : public ::testing::TestWithParam<Era> {};

TEST_P(ClientOfBothEras, CallsARealServer) {
  Server server(ServerOptions{{"real", "3"}, "", {}});
  ASSERT_TRUE(server
                  .add_tool(named_tool("steps"),
                            [](ToolCall& call, const CallContext&) {
                              call.progress(1, 2, "half");
                              return text_result(get_string(call.meta(), meta::kCallId));
                            })
                  .has_value());
  ClientOptions options;
  options.era = GetParam();
  const auto client = Client::connect(make_in_process_transport(server), options, {});
  ASSERT_TRUE(client.has_value()) << client.error().to_string();
  EXPECT_EQ((*client)->era(), GetParam());
  EXPECT_EQ((*client)->server_info().name, "real");
  EXPECT_EQ((*client)->list_tools({})->at(0).name, "steps");

  std::vector<std::string> progress;
  CallOptions call;
  call.meta = {{meta::kCallId, "c1"}};
  call.on_progress = [&](double done, double total, const std::string& message) {
    progress.push_back(std::to_string(static_cast<int>(done)) + "/" + std::to_string(static_cast<int>(total)) +
                       message);
  };
  const auto result = (*client)->call_tool("steps", {}, call, {});
  ASSERT_TRUE(result.has_value()) << result.error().to_string();
  EXPECT_EQ(result->content.at(0).at("text"), "c1");
  EXPECT_EQ(progress, std::vector<std::string>{"1/2half"});
  EXPECT_EQ((*client)->call_tool("nope", {}, {}, {}).error().code, ErrorCode::invalid_argument);
}

INSTANTIATE_TEST_SUITE_P(Eras, ClientOfBothEras, ::testing::Values(Era::legacy, Era::modern));

}  // namespace
}  // namespace ottobot::mcp
