// The stdio transports against each other, over pipes.
#include <thread>

#include "mcp/transports/stdio_server_transport.hpp"
#include "mcp/transports/stream_client_transport.hpp"
#include "net/process/spawn.hpp"
#include "ottobot/testing/mcp_transport_contract.hpp"

namespace ottobot::testing {
namespace {

class StdioHost final : public McpTransportHost {
 public:
  explicit StdioHost(mcp::Server& server) : server_(server) {}
  ~StdioHost() override {
    if (serving_.joinable()) serving_.join();
  }

  std::unique_ptr<McpTransport> connect() override {
    to_server_ = net::make_pipe().value();
    auto from_server = net::make_pipe().value();
    out_ = std::move(from_server.second);
    serving_ = std::thread([this] {
      mcp::StdioServerOptions options;
      options.in_fd = to_server_.first.get();
      options.out_fd = out_.get();
      const auto served = mcp::serve_stdio(server_, options, {});
      EXPECT_TRUE(served) << served.error().to_string();
    });
    return std::make_unique<mcp::StreamClientTransport>(std::move(from_server.first), std::move(to_server_.second));
  }

 private:
  mcp::Server& server_;
  std::pair<net::UniqueFd, net::UniqueFd> to_server_;
  net::UniqueFd out_;
  std::thread serving_;
};

std::unique_ptr<McpTransportHost> make_host(mcp::Server& server) { return std::make_unique<StdioHost>(server); }

INSTANTIATE_TEST_SUITE_P(Stdio, McpTransportContract, ::testing::Values(McpTransportFactory(make_host)));

}  // namespace
}  // namespace ottobot::testing
