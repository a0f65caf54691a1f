#include "api/event_stream.hpp"

#include "api/event_feed.hpp"
#include "api/input.hpp"
#include "api/page_links.hpp"

namespace ottobot::api {
namespace {

constexpr std::size_t kMaxQueuedBytes = 1 << 20;
constexpr std::chrono::seconds kKeepAlive{15};  // proxies close what is silent for longer

class EventStream final : public FeedReader, public OpenSocket, public std::enable_shared_from_this<EventStream> {
 public:
  EventStream(std::shared_ptr<Context> context, const Request& request, LongRequests::Slot slot, SocketSlot user_slot)
      : context_(std::move(context)),
        slot_(std::move(slot)),
        session_id_(request.session_id()),
        caller_(request.caller()),
        links_(links_for(*context_, request.head())),
        user_slot_(std::move(user_slot)) {}

  Result<std::shared_ptr<EventFeed>> subscribe() {
    auto feed = EventFeed::open(context_->deps.store, context_->tasks, session_id_, weak_from_this());
    if (feed) feed_ = *feed;
    return feed;
  }

  // Its owner keeps the stream alive until the client is gone.
  net::ResponseStreamObserver observer() {
    return {[self = shared_from_this()] { self->feed_->resume(); }, [self = shared_from_this()] { self->closed(); }};
  }

  void open(std::shared_ptr<net::ResponseStream> client, Seq after, Seq last_seq) {
    const bool may_open = context_->sockets.add(shared_from_this());
    {
      std::lock_guard lock(mutex_);
      if (!gone_) client_ = std::move(client);
    }
    if (client) return context_->sockets.remove(this);  // left before it got here
    if (!may_open) return shut_down();
    feed_->start(after, last_seq);
    keep_alive();
  }

  bool wants_more() override {
    const auto to = client();
    return to && to->queued_bytes() < kMaxQueuedBytes;
  }

  void on_event(const Event& event) override {
    send("id: " + std::to_string(event.seq) + "\ndata: " + dump_json(links_.in_full(to_public_json(event))) + "\n\n");
  }

  void on_caught_up(Seq last_seq) override {
    const auto row = context_->deps.store.get_session(session_id_, context_->task_call());
    if (row && row->last_seq <= last_seq && is_deleted(*row)) end();
  }

  void on_feed_lost(const Error&) override { end(); }
  void on_ephemeral(const Json&) override {}

  const Caller& caller() const override { return caller_; }
  void turn_away() override { end(); }
  void shut_down() override {
    feed_->close();
    if (const auto to = take_client()) to->finish();
  }

 private:
  std::shared_ptr<net::ResponseStream> client() {
    std::lock_guard lock(mutex_);
    return client_;
  }

  std::shared_ptr<net::ResponseStream> take_client() {
    std::lock_guard lock(mutex_);
    return std::move(client_);
  }

  void leave() {
    std::lock_guard lock(mutex_);
    gone_ = true;
    client_.reset();
  }

  void send(std::string bytes) {
    if (const auto to = client()) to->send(std::move(bytes));
  }

  void end() {
    if (const auto to = take_client()) to->finish();
  }

  // On an I/O thread; the rest may wait for the store, so it is a task.
  void closed() {
    context_->tasks.run([self = shared_from_this()] {
      self->leave();
      self->feed_->close();
      self->context_->sockets.remove(self.get());
    });
  }

  void keep_alive() {
    context_->tasks.run_after(kKeepAlive, [weak = weak_from_this()] {
      const auto self = weak.lock();
      if (!self || !self->client()) return;
      self->send(": keep-alive\n\n");
      self->keep_alive();
    });
  }

  const std::shared_ptr<Context> context_;
  const LongRequests::Slot slot_;
  const std::string session_id_;
  const Caller caller_;
  const Links links_;
  const SocketSlot user_slot_;
  std::shared_ptr<EventFeed> feed_;  // set by subscribe(), before anything else runs

  std::mutex mutex_;  // guards the members below
  std::shared_ptr<net::ResponseStream> client_;
  bool gone_ = false;
};

Result<Seq> start_of(const net::RequestHead& head) {
  constexpr IntRange kAny{0, INT64_MAX, 0};
  if (const auto last = head.headers.find("Last-Event-ID"); last && !last->empty()) {
    return parse_int("Last-Event-ID", *last, kAny);
  }
  return query_int(head, "after", kAny);
}

}  // namespace

Result<void> serve_event_stream(Context& context, Request& request) {
  const auto after = start_of(request.head());
  if (!after) return fail(after.error());
  if (auto known = find_session(context, request); !known) return fail(known.error());
  auto slot = context.streams.enter(request, request.session_id());
  if (!slot) return {};
  auto user_slot = context.user_sockets.enter(request);
  if (!user_slot) return {};
  const auto stream =
      std::make_shared<EventStream>(context.shared_from_this(), request, std::move(*slot), std::move(*user_slot));
  const auto feed = stream->subscribe();
  if (!feed) return fail(feed.error());
  // Read behind the subscription: what comes later is announced.
  const auto row = find_session(context, request);
  if (!row) {
    (*feed)->close();
    return fail(row.error());
  }
  if (is_deleted(*row) && *after >= row->last_seq) {
    (*feed)->close();
    net::Response nothing_to_come;  // 204 tells an EventSource not to connect again
    nothing_to_come.status = 204;
    request.exchange().respond(std::move(nothing_to_come));
    return {};
  }
  if (*after > row->last_seq) {
    (*feed)->close();
    return after_the_end(*after, row->last_seq);
  }
  auto client = request.exchange().start_stream(
      200, {{"Content-Type", "text/event-stream"}, {"Cache-Control", "no-store"}, {"X-Accel-Buffering", "no"}},
      stream->observer());
  stream->open(std::move(client), *after, row->last_seq);
  return {};
}

}  // namespace ottobot::api
