// Streamable HTTP, client side, over an HTTP client that others share.
#pragma once

#include "net/client/http_client.hpp"
#include "ottobot/mcp/transports.hpp"

namespace ottobot::mcp {

// As the public make_http_transport(); `client` is borrowed and must outlive the transport.
Result<std::unique_ptr<McpTransport>> make_http_transport(const HttpTransportOptions& options, net::HttpClient& client);

}  // namespace ottobot::mcp
