#include "api/vnc_socket.hpp"

#include "api/refused_socket.hpp"
#include "api/sandbox_proxy.hpp"
#include "api/viewer_filter.hpp"
#include "net/process/unix_socket.hpp"
#include "ottobot/ids.hpp"

namespace ottobot::api {
namespace {

constexpr std::chrono::milliseconds kPollInterval{1000};
constexpr std::chrono::milliseconds kEventDelay{50};  // a busy session has many events: one look for all of them
// A sandbox that takes connections and says nothing holds a thread of the pool: not all of them.
constexpr int kMaxConnecting = 4;
constexpr std::chrono::milliseconds kConnectTimeout{10000};  // the desktop starts with its first viewer
constexpr std::chrono::minutes kPatience{10};

constexpr int kProtocolError = 1002;
constexpr int kGoingAway = 1001;
constexpr int kInternalError = 1011;
constexpr int kTryLater = 1013;
constexpr int kUnknownSession = 4404;
constexpr int kDeletedSession = 4410;
constexpr std::size_t kMaxReason = 120;  // RFC 6455 §5.5: a control frame holds 125 bytes

}  // namespace

net::WebSocketOptions VncSocket::websocket_options() {
  net::WebSocketOptions options;
  options.subprotocols = {"binary"};
  return options;
}

void VncSocket::accept(const std::shared_ptr<Context>& context, net::Exchange& exchange, const std::string& session_id,
                       Caller caller, SocketSlot slot) {
  const std::string wished_id = exchange.request().query_param("viewer").value_or("");
  const auto viewer = std::make_shared<VncSocket>(context, session_id, std::move(caller), std::move(slot));
  auto client = exchange.accept_websocket(websocket_options(), viewer);
  if (client) viewer->open(std::move(*client), wished_id);
}

void VncSocket::open(std::shared_ptr<net::WebSocket> client, const std::string& wished_id) {
  give_up_at_ = std::chrono::steady_clock::now() + kPatience;
  const bool may_open = context_->sockets.add(shared_from_this());
  {
    std::lock_guard lock(mutex_);
    if (!closed_) client_ = std::move(client);
  }
  if (client) return context_->sockets.remove(this);  // closed before it got here
  if (!may_open) return shut_down();
  if (watch(wished_id)) schedule_attempt({});
}

bool VncSocket::watch(const std::string& wished_id) {
  if (!is_valid_id(session_id_)) {
    give_up(kUnknownSession, "unknown session");
    return false;
  }
  const auto row = context_->deps.sessions.get(session_id_, caller_.user, context_->task_call());
  if (!row) {
    const bool unknown = row.error().code == ErrorCode::not_found;
    give_up(unknown ? kUnknownSession : kTryLater, unknown ? "unknown session" : row.error().message);
    return false;
  }
  auto subscription = context_->deps.store.subscribe(session_id_, *this);
  if (!subscription) {
    const bool unknown = subscription.error().code == ErrorCode::not_found;
    give_up(unknown ? kUnknownSession : kTryLater, subscription.error().message);
    return false;
  }
  {
    std::lock_guard lock(mutex_);
    if (!closed_) {
      subscription_ = std::move(*subscription);
      viewer_id_ = context_->desktops.join(session_id_, caller_.desktop, wished_id);
      return true;
    }
  }
  return false;  // closed meanwhile: the subscription goes here
}

void VncSocket::schedule_attempt(std::chrono::milliseconds delay) {
  {
    std::lock_guard lock(mutex_);
    if (settled_ || closed_) return;
    look_again_ = attempting_;
    if (attempting_) return;
    attempting_ = true;
  }
  context_->tasks.run_after(delay, [self = shared_from_this()] { self->attempt(); });
}

void VncSocket::schedule_poll() {
  {
    std::lock_guard lock(mutex_);
    if (polling_ || settled_ || closed_) return;
    polling_ = true;
  }
  context_->tasks.run_after(kPollInterval, [weak = weak_from_this()] {
    const auto self = weak.lock();
    if (!self) return;
    {
      std::lock_guard lock(self->mutex_);
      self->polling_ = false;
    }
    self->schedule_attempt({});
  });
}

void VncSocket::attempt() {
  const Attempt result = try_to_bridge();
  bool happened_meanwhile = false;
  {
    std::lock_guard lock(mutex_);
    attempting_ = false;
    settled_ = result != Attempt::try_again;
    happened_meanwhile = std::exchange(look_again_, false);
  }
  if (result != Attempt::try_again) return stop_watching();
  if (happened_meanwhile) schedule_attempt(kEventDelay);
  schedule_poll();
}

VncSocket::Attempt VncSocket::try_to_bridge() {
  const auto to = client();
  if (!to) return Attempt::given_up;
  const auto row = context_->deps.store.get_session(session_id_, context_->task_call());
  if (!row && row.error().code == ErrorCode::not_found) return give_up(kUnknownSession, "unknown session");
  if (!row) return Attempt::try_again;
  if (is_deleted(*row)) return give_up(kDeletedSession, "session deleted");
  if (row->status == SessionStatus::terminated) return give_up(kInternalError, "the session has ended");
  if (const auto sandbox = find_sandbox(*context_, *row)) {
    const Attempt result = connect_and_bridge(*to, *sandbox);
    if (result != Attempt::try_again) return result;
  }
  if (std::chrono::steady_clock::now() >= give_up_at_) return give_up(kTryLater, "the desktop did not come up");
  return Attempt::try_again;
}

VncSocket::Attempt VncSocket::connect_and_bridge(net::WebSocket& to, const Endpoint& sandbox) {
  std::atomic<int>& connecting = context_->desktops_connecting;
  Result<net::RawStream> stream = unavailable("too many desktops are connecting");
  if (connecting.fetch_add(1) < kMaxConnecting) {
    stream = net::open_raw_stream(sandbox, "/rfb", "rfb",
                                  with_timeout(kConnectTimeout).with_stop(context_->tasks.stopping()));
  }
  connecting.fetch_sub(1);
  if (!stream) {
    if (stream.error().code == ErrorCode::unsupported) return give_up(kInternalError, stream.error().message);
    return Attempt::try_again;
  }
  to.bridge({std::move(stream->fd), std::move(stream->early_bytes)},
            std::make_unique<ViewerFilter>(context_, session_id_, viewer_id()));
  return Attempt::bridged;
}

VncSocket::Attempt VncSocket::give_up(int code, const std::string& reason) {
  if (const auto to = client()) to->close(code, reason.substr(0, utf8_complete_prefix(reason.substr(0, kMaxReason))));
  return Attempt::given_up;
}

void VncSocket::on_events(Seq) noexcept { schedule_attempt(kEventDelay); }

void VncSocket::on_message(std::string, bool) {
  // RFB's server speaks first (RFC 6143 §7.1.1): before the bridge there is nothing to say.
  if (const auto to = client()) to->close(kProtocolError, "the desktop speaks first");
}

void VncSocket::stop_watching() {
  std::unique_ptr<Subscription> ended;
  std::lock_guard lock(mutex_);
  ended = std::move(subscription_);
  // `ended` goes after the lock: its destructor waits for on_events, which takes the lock.
}

void VncSocket::on_close(int) {
  {
    std::lock_guard lock(mutex_);
    if (closed_) return;  // shut down: nothing of the Api may be touched any more
    closed_ = true;
    client_.reset();
  }
  context_->desktops.leave(session_id_, viewer_id());
  context_->tasks.run([self = shared_from_this()] {
    self->stop_watching();
    self->context_->sockets.remove(self.get());
  });
}

void VncSocket::turn_away() { give_up(kBadCredentials, "there is no API key of this user any more"); }

void VncSocket::shut_down() {
  std::shared_ptr<net::WebSocket> to;
  {
    std::lock_guard lock(mutex_);
    closed_ = true;
    to = std::move(client_);
  }
  context_->desktops.leave(session_id_, viewer_id());
  stop_watching();
  if (to) to->close(kGoingAway, "the server stops");
}

std::shared_ptr<net::WebSocket> VncSocket::client() {
  std::lock_guard lock(mutex_);
  return client_;
}

std::string VncSocket::viewer_id() {
  std::lock_guard lock(mutex_);
  return viewer_id_;
}

}  // namespace ottobot::api
