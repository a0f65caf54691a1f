#include <mutex>
#include <thread>
#include <vector>

#include "mcp/any_stop.hpp"
#include "mcp/server_session.hpp"
#include "ottobot/mcp/transports.hpp"

namespace ottobot::mcp {

namespace {

// Tools may report from threads of their own; a client hears of it on the requesting thread only.
class SameThreadSink final : public McpMessageSink {
 public:
  explicit SameThreadSink(McpMessageSink& out) : out_(out) {}

  void on_message(const Json& message) override {
    if (std::this_thread::get_id() == owner_) {
      drain();
      out_.on_message(message);
      return;
    }
    std::lock_guard lock(mutex_);
    waiting_.push_back(message);
  }

  void drain() {
    std::vector<Json> messages;
    {
      std::lock_guard lock(mutex_);
      messages.swap(waiting_);
    }
    for (const Json& message : messages) out_.on_message(message);
  }

 private:
  const std::thread::id owner_ = std::this_thread::get_id();
  McpMessageSink& out_;
  std::mutex mutex_;  // guards waiting_
  std::vector<Json> waiting_;
};

class NoSink final : public McpMessageSink {
 public:
  void on_message(const Json&) override {}
};

class InProcessTransport final : public McpTransport {
 public:
  explicit InProcessTransport(Server& server) : server_(server), session_(server.make_session()) {}
  ~InProcessTransport() override { close(); }

  Result<Json> request(const Json& message, McpMessageSink& sink, const CallContext& ctx) override {
    if (closing_.stop_requested()) return unavailable("the MCP transport is closed");
    if (auto alive = ctx.check(); !alive) return fail(alive.error());
    const AnyStop stop(ctx.stop, closing_.get_token());
    SameThreadSink relay(sink);
    Json response = server_.handle(message, *session_, relay, ctx.with_stop(stop.token()));
    relay.drain();
    if (closing_.stop_requested()) return cancelled("the MCP transport was closed");
    if (response.is_null()) return invalid_argument("request() was given a message that is no request");
    return response;
  }

  Result<void> send(const Json& message, const CallContext& ctx) override {
    if (closing_.stop_requested()) return unavailable("the MCP transport is closed");
    NoSink none;
    (void)server_.handle(message, *session_, none, ctx);
    return {};
  }

  void set_protocol_version(const std::string&) override {}

  void close() override {
    closing_.request_stop();
    session_->cancel_all();
  }

 private:
  Server& server_;
  std::shared_ptr<ServerSession> session_;
  std::stop_source closing_;
};

}  // namespace

std::unique_ptr<McpTransport> make_in_process_transport(Server& server) {
  return std::make_unique<InProcessTransport>(server);
}

}  // namespace ottobot::mcp
