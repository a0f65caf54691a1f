#include "mcp/transports/stream_client_transport.hpp"

#include "mcp/any_stop.hpp"
#include "mcp/modern_era.hpp"
#include "net/process/line_reader.hpp"

namespace ottobot::mcp {

namespace {

constexpr std::size_t kMaxMessageBytes = 16 << 20;
constexpr std::size_t kMaxQueuedBytes = 64 << 20;
// A request whose thread does not keep up loses its oldest messages: they are progress and log lines.
constexpr std::size_t kMaxWaitingMessages = 4096;
constexpr std::chrono::milliseconds kFlushTimeout{500};

Failure connection_lost() {
  return unavailable("the MCP server has ended, or closed its output", "see what it wrote to its standard error");
}

Json cancellation_of(const Json& id) { return make_notification("notifications/cancelled", {{"requestId", id}}); }

}  // namespace

StreamClientTransport::StreamClientTransport(net::UniqueFd in, net::UniqueFd out)
    : in_(std::move(in)), out_(std::move(out)), writer_(out_.get(), kMaxQueuedBytes) {
  reader_ = std::jthread([this](const std::stop_token& stop) { read(stop); });
}

StreamClientTransport::~StreamClientTransport() { StreamClientTransport::close(); }

Result<Json> StreamClientTransport::request(const Json& message, McpMessageSink& sink, const CallContext& ctx) {
  const auto incoming = parse_message(message);
  if (!incoming || incoming->kind != Incoming::Kind::request) {
    return invalid_argument("request() was given a message that is no request");
  }
  if (auto alive = ctx.check(); !alive) return fail(alive.error());
  auto entry = begin(*incoming);
  if (!entry) return fail(entry.error());
  const AnyStop stop(ctx.stop, closing_.get_token());
  auto response =
      send(message, ctx).and_then([&] { return wait_for_response(*entry, sink, ctx.with_stop(stop.token())); });
  {
    std::lock_guard lock(mutex_);
    pending_.erase(*entry);
  }
  if (response) return response;
  if (closing_.stop_requested()) return cancelled("the MCP transport was closed");
  if (response.error().code != ErrorCode::unavailable && modern::speaks(*incoming)) abandon(*incoming);
  return response;
}

Result<StreamClientTransport::Entry> StreamClientTransport::begin(const Incoming& request) {
  const Json* token = find_member(request.meta(), "progressToken");
  std::lock_guard lock(mutex_);
  if (closing_.stop_requested()) return unavailable("the MCP transport is closed");
  if (lost_) return connection_lost();
  if (find(*request.id)) return invalid_argument("a request with that id is running already");
  return pending_.insert(pending_.end(), Pending{*request.id, token ? *token : Json(), {}, {}});
}

Result<Json> StreamClientTransport::wait_for_response(Entry entry, McpMessageSink& sink, const CallContext& ctx) {
  std::unique_lock lock(mutex_);
  const auto ready = [&] { return entry->response || !entry->messages.empty() || lost_; };
  while (true) {
    if (ctx.deadline == SteadyTime::max()) {
      changed_.wait(lock, ctx.stop, ready);
    } else {
      changed_.wait_until(lock, ctx.stop, ctx.deadline, ready);
    }
    if (auto alive = ctx.check(); !alive) return fail(alive.error());
    if (!entry->messages.empty()) {
      const Json message = std::move(entry->messages.front());
      entry->messages.pop_front();
      lock.unlock();
      sink.on_message(message);
      lock.lock();
    } else if (entry->response) {
      return std::move(*entry->response);
    } else if (lost_) {
      return connection_lost();
    }
  }
}

// Best effort: a peer that cannot be told any more runs nothing for us either.
void StreamClientTransport::abandon(const Incoming& request) {
  (void)writer_.send(dump_json(cancellation_of(*request.id)));
}

Result<void> StreamClientTransport::send(const Json& message, const CallContext&) {
  if (auto incoming = parse_message(message); !incoming) return invalid_argument(incoming.error().message);
  if (closing_.stop_requested()) return unavailable("the MCP transport is closed");
  if (writer_.send(dump_json(message))) return {};
  return unavailable("the MCP server does not take messages any more");
}

void StreamClientTransport::close() {
  {
    std::lock_guard lock(mutex_);
    if (closing_.stop_requested()) return;
    // A server may let calls finish when its input ends; nobody waits for these any more.
    for (const Pending& pending : pending_) (void)writer_.send(dump_json(cancellation_of(pending.id)));
  }
  closing_.request_stop();
  (void)writer_.flush(with_timeout(kFlushTimeout));
  writer_.stop();
  out_.reset();
  reader_.request_stop();
  reader_.join();
}

void StreamClientTransport::read(const std::stop_token& stop) {
  CallContext ctx;
  ctx.stop = stop;
  net::LineReader lines(in_.get(), kMaxMessageBytes);
  while (true) {
    auto line = lines.next(ctx);
    if (!line || !*line) break;
    // Some servers print other things, too; that is theirs to mend.
    if (auto message = parse_json(**line)) route(std::move(*message));
  }
  std::lock_guard lock(mutex_);
  lost_ = true;
  changed_.notify_all();
}

void StreamClientTransport::route(Json message) {
  const auto incoming = parse_message(message);
  if (!incoming) return;
  std::unique_lock lock(mutex_);
  if (incoming->kind == Incoming::Kind::response) {
    if (Pending* pending = incoming->id ? find(*incoming->id) : nullptr) pending->response = std::move(message);
  } else if (Pending* pending = receiver_of(message)) {
    if (pending->messages.size() >= kMaxWaitingMessages) pending->messages.pop_front();
    pending->messages.push_back(std::move(message));
  } else if (incoming->kind == Incoming::Kind::request) {
    lock.unlock();
    (void)answer_peer(message);
    return;
  }
  changed_.notify_all();
}

// The peer's own request while none of ours runs, whose thread could answer it.
bool StreamClientTransport::answer_peer(const Json& message) {
  const Json& id = message.at("id");
  if (get_string(message, "method") == "ping") return writer_.send(dump_json(make_response(id, Json::object())));
  return writer_.send(dump_json(make_error_response(id, {rpc_code::kMethodNotFound, "Method not found", nullptr})));
}

StreamClientTransport::Pending* StreamClientTransport::receiver_of(const Json& message) {
  if (pending_.empty()) return nullptr;
  const Json* params = find_member(message, "params");
  const Json* token = params ? find_member(*params, "progressToken") : nullptr;
  if (!token) return &pending_.front();
  for (Pending& pending : pending_) {
    if (pending.progress_token == *token) return &pending;
  }
  return nullptr;  // progress of a request that was given up
}

StreamClientTransport::Pending* StreamClientTransport::find(const Json& id) {
  for (Pending& pending : pending_) {
    if (pending.id == id) return &pending;
  }
  return nullptr;
}

}  // namespace ottobot::mcp
