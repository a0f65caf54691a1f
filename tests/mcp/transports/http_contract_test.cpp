#include "mcp/http_host.hpp"
#include "ottobot/testing/mcp_transport_contract.hpp"

namespace ottobot::testing {
namespace {

using mcp::test::HttpHost;
using mcp::test::Wire;

class StreamableHttpHost final : public McpTransportHost {
 public:
  StreamableHttpHost(mcp::Server& server, Wire wire) : host_(server, wire) {}
  std::unique_ptr<McpTransport> connect() override { return host_.connect(); }

 private:
  HttpHost host_;
};

McpTransportFactory over(Wire wire) {
  return [wire](mcp::Server& server) { return std::make_unique<StreamableHttpHost>(server, wire); };
}

INSTANTIATE_TEST_SUITE_P(HttpOverTcp, McpTransportContract, ::testing::Values(over(Wire::tcp)));
INSTANTIATE_TEST_SUITE_P(HttpOverUnixSocket, McpTransportContract, ::testing::Values(over(Wire::unix_socket)));

}  // namespace
}  // namespace ottobot::testing
