// Tools of a sandbox, called through their MCP server in this process.
#pragma once

#include "ottobot/mcp/client.hpp"
#include "ottobot/mcp/transports.hpp"
#include "sandboxd/temp_folder.hpp"
#include "sandboxd/toolset.hpp"

namespace ottobot::sandboxd {

class ToolFixture : public ::testing::Test {
 protected:
  void SetUp() override {
    run_.write(".keep", "");
    start({});
  }

  void start(std::vector<std::string> groups) {
    client_.reset();
    toolset_.reset();
    ToolsetOptions options;
    options.workspace = workspace_.path();
    options.run_folder = run_.path();
    options.groups = std::move(groups);
    options.environment = {{"PATH", "/usr/bin:/bin"}, {"HOME", workspace_.path()}, {"LANG", "C.UTF-8"}};
    adjust(options);
    auto toolset = Toolset::make(options);
    ASSERT_TRUE(toolset) << toolset.error().to_string();
    toolset_ = std::move(*toolset);
    auto client = mcp::Client::connect(mcp::make_in_process_transport(toolset_->server()), {}, limit());
    ASSERT_TRUE(client) << client.error().to_string();
    client_ = std::move(*client);
  }

  // What a fixture's tools have beyond the usual.
  virtual void adjust(ToolsetOptions&) {}

  static CallContext limit() { return with_timeout(std::chrono::seconds(30)); }

  mcp::CallToolResult call(const std::string& tool, const Json& args, const Json& meta = nullptr) {
    mcp::CallOptions options;
    options.meta = meta;
    auto result = client_->call_tool(tool, args, options, limit());
    if (result) return *result;
    return mcp::error_result("protocol error: " + result.error().to_string());
  }

  static std::string text(const mcp::CallToolResult& result) {
    return result.content.empty() ? "" : get_string(result.content[0], "text");
  }

  TempFolder workspace_, run_;
  std::unique_ptr<Toolset> toolset_;
  std::unique_ptr<mcp::Client> client_;
};

}  // namespace ottobot::sandboxd
