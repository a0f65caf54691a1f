#include "mcp/transports/stdio_server_transport.hpp"

#include <list>
#include <mutex>

#include "mcp/any_stop.hpp"
#include "mcp/modern_era.hpp"
#include "mcp/server_session.hpp"
#include "mcp/transports/call_pool.hpp"
#include "net/process/line_reader.hpp"
#include "net/process/line_writer.hpp"

namespace ottobot::mcp {

namespace {

constexpr std::size_t kMaxQueuedBytes = 256 << 20;
constexpr std::size_t kMaxQueuedForProgress = 1 << 20;
constexpr std::chrono::milliseconds kFlushTimeout{2000};

// A call that was taken in, from then until it is answered.
struct LiveRequest {
  Json message;
  Json id;
  std::stop_source stop;
};

// What the server says during a call. Progress is dropped for a client that does not read, or has cancelled.
class LineSink final : public McpMessageSink {
 public:
  LineSink(net::LineWriter& writer, std::stop_token stop) : writer_(writer), stop_(std::move(stop)) {}
  void on_message(const Json& message) override {
    if (stop_.stop_requested() || writer_.queued_bytes() > kMaxQueuedForProgress) return;
    (void)writer_.send(dump_json(message));
  }

 private:
  net::LineWriter& writer_;
  const std::stop_token stop_;
};

class StdioConnection {
 public:
  StdioConnection(Server& server, const StdioServerOptions& options)
      : server_(server),
        options_(options),
        session_(server.make_session()),
        writer_(options.out_fd, kMaxQueuedBytes),
        pool_(options.max_running_calls, options.max_waiting_calls) {}

  Result<void> run(const CallContext& ctx) {
    const AnyStop stop(ctx.stop, writer_.broken());
    const auto outcome = read(ctx.with_stop(stop.token()));
    const bool asked_to_end = !outcome && outcome.error().code == ErrorCode::cancelled;
    const auto now = std::chrono::steady_clock::now();
    if (!pool_.wait_idle(asked_to_end ? now : now + options_.drain)) cancel_all();
    (void)pool_.wait_idle(SteadyTime::max());
    (void)writer_.flush(with_timeout(kFlushTimeout));
    return asked_to_end ? Result<void>() : outcome;
  }

 private:
  Result<void> read(const CallContext& ctx) {
    net::LineReader lines(options_.in_fd, options_.max_message_bytes);
    while (true) {
      auto line = lines.next(ctx);
      if (!line) return fail(line.error());
      if (!*line) return {};
      if ((*line)->find_first_not_of(" \t\r") != std::string::npos) take(**line);
    }
  }

  void take(const std::string& line) {
    auto message = parse_json(line);
    if (!message)
      return answer(
          make_error_response(nullptr, {rpc_code::kParseError, "Parse error: " + message.error().message, {}}));
    const auto incoming = parse_message(*message);
    if (incoming && incoming->kind == Incoming::Kind::request && incoming->method == "tools/call") {
      return begin_call(std::move(*message), *incoming->id);
    }
    if (incoming && incoming->method == "notifications/cancelled") return cancel(*incoming);
    LineSink sink(writer_, {});
    answer(server_.handle(*message, *session_, sink, {}));
  }

  void begin_call(Json message, Json id) {
    std::list<LiveRequest>::iterator live;
    {
      std::lock_guard lock(mutex_);
      live = live_.insert(live_.end(), {std::move(message), std::move(id), {}});
    }
    if (pool_.post([this, live] { call(live); })) return;
    answer(make_error_response(live->id, {rpc_code::kInternalError, "Too many calls at once", nullptr}));
    forget(live);
  }

  void call(std::list<LiveRequest>::iterator live) {
    CallContext ctx;
    ctx.stop = live->stop.get_token();
    LineSink sink(writer_, ctx.stop);
    const auto incoming = parse_message(live->message);
    const bool modern = incoming && modern::speaks(*incoming);
    Json response = server_.handle(live->message, *session_, sink, ctx);
    // Whoever has cancelled hears no more of it. Legacy clients wait for the answer of a cancelled call, some of them.
    if (!modern || !ctx.stop.stop_requested()) answer(response);
    forget(live);
  }

  void cancel(const Incoming& notification) {
    const Json* id = find_member(*notification.params, "requestId");
    if (!id) return;
    std::vector<std::stop_source> sources;
    {
      std::lock_guard lock(mutex_);
      for (const LiveRequest& live : live_) {
        if (live.id == *id) sources.push_back(live.stop);
      }
    }
    for (auto& source : sources) source.request_stop();  // outside the lock: it runs callbacks of tools
  }

  void cancel_all() {
    std::vector<std::stop_source> sources;
    {
      std::lock_guard lock(mutex_);
      for (const LiveRequest& live : live_) sources.push_back(live.stop);
    }
    for (auto& source : sources) source.request_stop();
  }

  void answer(const Json& response) {
    if (!response.is_null()) (void)writer_.send(dump_json(response));
  }

  void forget(std::list<LiveRequest>::iterator live) {
    std::lock_guard lock(mutex_);
    live_.erase(live);
  }

  Server& server_;
  const StdioServerOptions& options_;
  const std::shared_ptr<ServerSession> session_;
  std::mutex mutex_;  // guards live_; its elements' messages belong to their calls
  std::list<LiveRequest> live_;
  net::LineWriter writer_;
  CallPool pool_;
};

}  // namespace

Result<void> serve_stdio(Server& server, const StdioServerOptions& options, const CallContext& ctx) {
  return StdioConnection(server, options).run(ctx);
}

}  // namespace ottobot::mcp
