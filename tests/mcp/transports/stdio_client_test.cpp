// Real child processes as MCP servers.
#include <sys/wait.h>

#include <csignal>
#include <fstream>

#include <gtest/gtest.h>

#include "ottobot/mcp/client.hpp"
#include "ottobot/mcp/transports.hpp"

namespace ottobot::mcp {
namespace {

using namespace std::chrono_literals;

Result<std::unique_ptr<Client>> connect(std::vector<std::string> argv, ClientOptions options = {}) {
  StdioTransportOptions stdio;
  stdio.argv = std::move(argv);
  stdio.exit_timeout = 200ms;
  auto transport = make_stdio_transport(stdio);
  if (!transport) return fail(transport.error());
  return Client::connect(std::move(*transport), options, with_timeout(20s));
}

std::vector<std::string> shell(const std::string& script) { return {"sh", "-c", script}; }

TEST(StdioClient, DetectsTheEraAndCallsTools) {
  for (const Era era : {Era::automatic, Era::legacy}) {
    ClientOptions options;
    options.era = era;
    const auto client = connect({OTTOBOT_ECHO_SERVER, "--stdio"}, options);
    ASSERT_TRUE(client) << client.error().to_string();
    EXPECT_EQ((*client)->era(), era == Era::legacy ? Era::legacy : Era::modern);
    EXPECT_EQ((*client)->list_tools(with_timeout(20s)).value().size(), 4u);
    const auto result = (*client)->call_tool("echo", {{"message", "hi"}}, {}, with_timeout(20s));
    ASSERT_TRUE(result) << result.error().to_string();
    EXPECT_EQ(result->content.at(0).at("text"), "hi");
  }
}

TEST(StdioClient, FallsBackToInitializeWhateverALegacyServerSays) {
  // Says something that is no message, ignores the probe and its cancellation or refuses it, then does the handshake.
  const std::string handshake =
      R"(read line; echo '{"jsonrpc":"2.0","id":2,"result":{"protocolVersion":"2025-06-18","capabilities":{},"serverInfo":{"name":"old","version":"1"}}}'; read line; read line)";
  for (const char* reply :
       {"read cancellation;",
        R"(echo '{"jsonrpc":"2.0","id":1,"error":{"code":-32000,"message":"what?"}}';)"}) {
    ClientOptions options;
    options.connect_timeout = 6s;  // half of it for the probe
    const auto client = connect(shell("echo starting; read line; " + std::string(reply) + handshake), options);
    ASSERT_TRUE(client) << client.error().to_string();
    EXPECT_EQ((*client)->era(), Era::legacy);
    EXPECT_EQ((*client)->server_info().name, "old");
  }
}

TEST(StdioClient, NamesAProgramThatIsNotThere) {
  const auto client = connect({"no-such-mcp-server"});
  ASSERT_FALSE(client);
  EXPECT_EQ(client.error().code, ErrorCode::not_found);
}

TEST(StdioClient, AServerThatEndsIsUnavailable) {
  const auto client = connect(shell("exit 3"));
  ASSERT_FALSE(client);
  EXPECT_EQ(client.error().code, ErrorCode::unavailable) << client.error().to_string();
}

TEST(StdioClient, EndsAServerThatIgnoresTheEndOfItsInputAndSigterm) {
  StdioTransportOptions options;
  options.argv =
      shell("trap '' TERM; echo '{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"pid\":'$$'}}'; while :; do sleep 1; done");
  options.exit_timeout = 50ms;
  auto transport = make_stdio_transport(options).value();
  class : public McpMessageSink {
    void on_message(const Json&) override {}
  } none;
  // The answer may come before the question was sent, and is then nobody's.
  const auto answer = transport->request({{"jsonrpc", "2.0"}, {"id", 1}, {"method", "x"}}, none, with_timeout(100ms));
  if (!answer) {
    EXPECT_EQ(answer.error().code, ErrorCode::deadline_exceeded);
  }
  transport->close();
  int status = 0;
  EXPECT_EQ(::waitpid(-1, &status, WNOHANG), -1) << "a child is left";
}

TEST(StdioClient, CancelsAModernCallThatIsGivenUp) {
  const auto client = connect({OTTOBOT_ECHO_SERVER, "--stdio"});
  ASSERT_TRUE(client) << client.error().to_string();
  const auto given_up = (*client)->call_tool("count", {{"to", 100000}, {"pause_ms", 1}}, {}, with_timeout(100ms));
  ASSERT_FALSE(given_up);
  EXPECT_EQ(given_up.error().code, ErrorCode::deadline_exceeded);
  EXPECT_EQ((*client)->call_tool("cancelled", {}, {}, with_timeout(20s))->content.at(0).at("text"), "1");
}

}  // namespace
}  // namespace ottobot::mcp
