// The tools of a sandbox that runs the real ottobot-sandboxd, as an MCP client uses them.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "net/client/http_client.hpp"
#include "ottobot/mcp/client.hpp"
#include "ottobot/mcp/transports.hpp"

namespace ottobot::containers {

class SandboxTools {
 public:
  explicit SandboxTools(const Sandbox& box) {
    auto transport = mcp::make_http_transport({box.endpoint});
    EXPECT_TRUE(transport) << transport.error().to_string();
    if (!transport) return;
    auto client = mcp::Client::connect(std::move(*transport), {}, ctx());
    EXPECT_TRUE(client) << client.error().to_string();
    if (client) client_ = std::move(*client);
  }

  // The text of its result or its error.
  std::string use(const std::string& tool, const Json& arguments) {
    if (!client_) return "not connected";
    auto result = client_->call_tool(tool, arguments, {}, ctx());
    if (!result) return "call failed: " + result.error().to_string();
    return dump_json(result->content) + dump_json(result->structured);
  }
  std::string run(const std::string& command) { return use("execute_command", {{"command", command}}); }

 private:
  static CallContext ctx() { return with_timeout(std::chrono::seconds(60)); }

  std::unique_ptr<mcp::Client> client_;
};

}  // namespace ottobot::containers
