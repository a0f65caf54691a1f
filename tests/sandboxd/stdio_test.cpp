// The real program as an MCP host starts it: over its standard streams, without a token.
#include <gtest/gtest.h>

#include <filesystem>
#include <future>
#include <thread>

#include "ottobot/mcp/client.hpp"
#include "ottobot/mcp/transports.hpp"
#include "sandboxd/temp_folder.hpp"

namespace ottobot::sandboxd {
namespace {

using namespace std::chrono_literals;

class SandboxdStdio : public ::testing::TestWithParam<mcp::Era> {
 protected:
  Result<std::unique_ptr<mcp::Client>> connect() {
    mcp::StdioTransportOptions stdio;
    stdio.argv = {OTTOBOT_SANDBOXD_PROGRAM, "--stdio", "--workspace", workspace_.path(), "--desktop", "off"};
    auto transport = mcp::make_stdio_transport(stdio);
    if (!transport) return fail(transport.error());
    mcp::ClientOptions options;
    options.era = GetParam();
    return mcp::Client::connect(std::move(*transport), options, with_timeout(20s));
  }

  static Result<mcp::CallToolResult> call(mcp::Client& client, const char* tool, const Json& args) {
    return client.call_tool(tool, args, {}, with_timeout(20s));
  }

  TempFolder workspace_;
};

TEST_P(SandboxdStdio, RunsItsToolsInTheWorkspace) {
  auto client = connect();
  ASSERT_TRUE(client) << client.error().to_string();
  EXPECT_EQ((*client)->era(), GetParam());
  ASSERT_FALSE(call(**client, "write_file", {{"path", "a.txt"}, {"content", "hello"}})->is_error);
  // A command gets neither our input nor our output.
  const auto result = call(**client, "execute_command", {{"command", "cat - a.txt"}});
  ASSERT_TRUE(result) << result.error().to_string();
  EXPECT_EQ(result->structured.at("stdout"), "hello");
}

TEST_P(SandboxdStdio, TellsTheModelWhichArgumentIsWrong) {
  auto client = connect();
  ASSERT_TRUE(client) << client.error().to_string();
  const auto result = call(**client, "list_files", {{"pth", "."}});
  ASSERT_TRUE(result) << result.error().to_string();
  EXPECT_TRUE(result->is_error);
  EXPECT_NE(result->content.at(0).at("text").get<std::string>().find("unknown argument `pth`, did you mean `path`?"),
            std::string::npos)
      << result->content;
}

TEST_P(SandboxdStdio, EndsACommandWhoseCallIsGivenUp) {
  auto client = connect();
  ASSERT_TRUE(client) << client.error().to_string();
  std::stop_source given_up;
  auto sleeping = std::async(std::launch::async, [&] {
    const Json sleeper = {{"command", "echo $$ > pid.new; mv pid.new pid; sleep 1000"}};
    return (*client)->call_tool("execute_command", sleeper, {}, with_timeout(60s).with_stop(given_up.get_token()));
  });
  const auto ctx = with_timeout(20s);
  while (!std::filesystem::exists(workspace_.path() + "/pid") && ctx.check()) std::this_thread::sleep_for(5ms);
  given_up.request_stop();
  EXPECT_FALSE(sleeping.get());
  const Json wait = {{"command", "for i in $(seq 200); do kill -0 $(cat pid) || break; sleep 0.05; done 2>&1"}};
  const auto result = call(**client, "execute_command", wait);
  ASSERT_TRUE(result) << result.error().to_string();
  EXPECT_NE(get_string(result->structured, "stdout").find("No such process"), std::string::npos) << result->structured;
}

INSTANTIATE_TEST_SUITE_P(Eras, SandboxdStdio, ::testing::Values(mcp::Era::legacy, mcp::Era::modern),
                         [](const auto& era) { return era.param == mcp::Era::legacy ? "Legacy" : "Modern"; });

}  // namespace
}  // namespace ottobot::sandboxd
