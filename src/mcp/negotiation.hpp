// How a client finds out which era and version its server speaks ("Era detection" of revision 2026-07-28).
#pragma once

#include "mcp/peer.hpp"

namespace ottobot::mcp {

struct Agreement {
  Era era = Era::legacy;  // legacy or modern
  Implementation server;
};

// Tells the transport the version. Errors: those of McpTransport, unsupported.
Result<Agreement> negotiate(Peer& peer, const ClientOptions& options, const CallContext& ctx);
// The legacy handshake alone; starts a new session.
Result<Agreement> initialize(Peer& peer, const Implementation& client, const CallContext& ctx);

}  // namespace ottobot::mcp
