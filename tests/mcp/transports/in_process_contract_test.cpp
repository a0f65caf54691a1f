#include "ottobot/mcp/transports.hpp"
#include "ottobot/testing/mcp_transport_contract.hpp"

namespace ottobot::testing {
namespace {

class InProcessHost final : public McpTransportHost {
 public:
  explicit InProcessHost(mcp::Server& server) : server_(server) {}
  std::unique_ptr<McpTransport> connect() override { return mcp::make_in_process_transport(server_); }

 private:
  mcp::Server& server_;
};

std::unique_ptr<McpTransportHost> make_host(mcp::Server& server) { return std::make_unique<InProcessHost>(server); }

INSTANTIATE_TEST_SUITE_P(InProcess, McpTransportContract, ::testing::Values(McpTransportFactory(make_host)));

}  // namespace
}  // namespace ottobot::testing
