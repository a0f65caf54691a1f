// The tools of a session over its own MCP port, as any MCP host uses them.
#pragma once

#include <gtest/gtest.h>

#include "integration/session_client.hpp"
#include "ottobot/mcp/client.hpp"
#include "ottobot/mcp/transports.hpp"

namespace ottobot::integration {

class SessionTools {
 public:
  // The session's sandbox must be up. Errors: those of the transport and of mcp::Client::connect.
  static Result<SessionTools> connect(const SessionClient& client, const std::string& id) {
    const std::string port = std::to_string(get_int(client.get("/session/" + id), "mcp_port"));
    auto transport = mcp::make_http_transport({{"http://127.0.0.1:" + port, "", {}}});
    if (!transport) return fail(transport.error());
    auto connected = mcp::Client::connect(std::move(*transport), {}, with_timeout(kPatience));
    if (!connected) return fail(connected.error());
    return SessionTools(std::move(*connected));
  }

  // The call must succeed.
  mcp::CallToolResult done(const std::string& name, const Json& args = Json::object()) {
    auto result = client_->call_tool(name, args, {}, with_timeout(kPatience));
    EXPECT_TRUE(result) << name << ": " << result.error().to_string();
    if (!result) return {};
    EXPECT_FALSE(result->is_error) << name << ": " << Json(result->content);
    return *result;
  }
  // What the command wrote; it must end with 0.
  std::string run(const std::string& command) {
    const Json ran = done("execute_command", {{"command", command}}).structured;
    EXPECT_EQ(get_int(ran, "exit_code", -1), 0) << command << ": " << ran;
    return get_string(ran, "stdout");
  }

 private:
  static constexpr std::chrono::seconds kPatience{120};
  explicit SessionTools(std::unique_ptr<mcp::Client> client) : client_(std::move(client)) {}
  std::unique_ptr<mcp::Client> client_;
};

}  // namespace ottobot::integration
