// MCP over a pair of byte streams, one message a line, client side (stdio chapter of revisions 2025-11-25 and
// 2026-07-28). All messages share the one channel: responses are told by id, progress by its token; what belongs to no
// request goes to the oldest that runs.
//
// Thread-safe. One thread reads, one writes. Cancelling: the legacy era's notification is the caller's; a modern
// request that is given up is cancelled here, since there is no stream to close.
#pragma once

#include <condition_variable>
#include <deque>
#include <list>
#include <mutex>
#include <optional>
#include <thread>

#include "mcp/jsonrpc.hpp"
#include "net/process/line_writer.hpp"
#include "net/unique_fd.hpp"
#include "ottobot/mcp_transport.hpp"

namespace ottobot::mcp {

class StreamClientTransport : public McpTransport {
 public:
  // `in` is what the peer writes, `out` what it reads.
  StreamClientTransport(net::UniqueFd in, net::UniqueFd out);
  ~StreamClientTransport() override;

  Result<Json> request(const Json& message, McpMessageSink& sink, const CallContext& ctx) override;
  Result<void> send(const Json& message, const CallContext& ctx) override;
  // Messages carry their version themselves.
  void set_protocol_version(const std::string&) override {}
  void close() override;

 private:
  struct Pending {
    Json id;
    Json progress_token;  // null if none
    std::deque<Json> messages;
    std::optional<Json> response;
  };
  using Entry = std::list<Pending>::iterator;

  Result<Entry> begin(const Incoming& request);
  Result<Json> wait_for_response(Entry entry, McpMessageSink& sink, const CallContext& ctx);
  void abandon(const Incoming& request);
  void read(const std::stop_token& stop);
  void route(Json message);
  bool answer_peer(const Json& message);
  Pending* receiver_of(const Json& message);
  Pending* find(const Json& id);

  net::UniqueFd in_, out_;
  std::stop_source closing_;
  std::mutex mutex_;  // guards pending_ and lost_
  std::condition_variable_any changed_;
  std::list<Pending> pending_;  // oldest first
  bool lost_ = false;           // nothing can be read any more
  net::LineWriter writer_;
  std::jthread reader_;
};

}  // namespace ottobot::mcp
