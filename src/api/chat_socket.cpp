#include "api/chat_socket.hpp"

#include "api/input.hpp"
#include "api/log_scan.hpp"
#include "ottobot/ids.hpp"
#include "ottobot/session/chat_frames.hpp"

namespace ottobot::api {
namespace {

constexpr std::size_t kReplayedEvents = 50;
constexpr std::size_t kMaxQueuedBytes = 1 << 20;     // of events
constexpr std::size_t kMaxDeltaBacklog = 128 << 10;  // deltas are the first to go when a client is slow
constexpr std::size_t kMaxWaitingCommands = 32;
constexpr std::size_t kMaxWaitingBytes = 256 << 10;

bool may_end_session(EventType type) {
  return type == EventType::status_changed || type == EventType::phase_changed || type == EventType::delete_requested;
}

}  // namespace

void ChatSocket::open(std::shared_ptr<net::WebSocket> client) {
  const bool may_open = context_->sockets.add(shared_from_this());
  {
    std::lock_guard lock(mutex_);
    if (!closed_) client_ = std::move(client);
  }
  if (client) return context_->sockets.remove(this);  // closed before it got here
  if (!may_open) return shut_down();
  if (auto begun = begin(); !begun) return refuse(begun.error());
  bool has_command = false;
  {
    std::lock_guard lock(mutex_);
    running_command_ = has_command = !commands_.empty();
  }
  if (has_command) post_next_command();
}

Result<void> ChatSocket::begin() {
  const std::string& id = options_.session_id;
  if (!is_valid_id(id)) return not_found("Session not found");
  auto opened = EventFeed::open(context_->deps.store, context_->tasks, id, weak_from_this());
  if (!opened) return fail(opened.error());
  // Read behind the subscription: what comes later is announced.
  auto row = context_->deps.sessions.get(id, options_.caller.user, context_->task_call());
  Result<Seq> after = row ? replay_start(row->last_seq) : fail(row.error());
  if (after && is_deleted(*row)) after = conflict("the session was deleted", "its log and download stay for a while");
  if (!after) {
    (*opened)->close();
    return fail(after.error());
  }
  go_live(std::move(*opened), *row, *after);
  return {};
}

Result<Seq> ChatSocket::replay_start(Seq last_seq) {
  if (options_.after) return *options_.after;
  auto events = find_last_events(context_->deps.store, options_.session_id, last_seq, kReplayedEvents, is_chat_visible,
                                 context_->task_call());
  if (!events) return fail(events.error());
  return events->empty() ? last_seq : events->front().seq - 1;
}

void ChatSocket::go_live(std::shared_ptr<EventFeed> feed, const SessionRow& row, Seq after) {
  send(connected_frame(row.status, row.last_seq, context_->deps.clock.now_ms()));
  // It counted further than the log goes, so it has no use for anything that is in it.
  if (after > row.last_seq) {
    send(chat_error(after_the_end(after, row.last_seq).value(), context_->deps.clock.now_ms()));
    after = row.last_seq;
  }
  bool gone = false;
  {
    std::lock_guard lock(mutex_);
    gone = closed_;
    if (!gone) feed_ = feed;
    deltas_on_ = options_.with_deltas;
    starts_after_ = after;
  }
  if (gone) return feed->close();
  feed->start(after, row.last_seq);
}

void ChatSocket::refuse(const Error& error) {
  send(chat_error(error, context_->deps.clock.now_ms()));
  if (error.code == ErrorCode::unauthenticated) return close(chat_close::kBadCredentials, "bad credentials");
  if (error.code == ErrorCode::not_found) return close(chat_close::kUnknownSession, "unknown session");
  if (error.code == ErrorCode::conflict) return close(chat_close::kDeletedSession, "session deleted");
  context_->deps.logger.warn("chat refused", {{"session", options_.session_id}, {"error", error.to_string()}});
  close(chat_close::kTryLater, "try again later");
}

void ChatSocket::turn_away() { refuse(unauthenticated("there is no API key of this user any more").value()); }

void ChatSocket::shut_down() {
  std::shared_ptr<EventFeed> feed;
  std::shared_ptr<net::WebSocket> client;
  {
    std::lock_guard lock(mutex_);
    closed_ = true;
    feed = std::move(feed_);
    client = std::move(client_);
    commands_.clear();
  }
  if (feed) feed->close();
  if (client) client->close(chat_close::kGoingAway, "the server stops");
}

void ChatSocket::on_message(std::string payload, bool binary) {
  std::shared_ptr<net::WebSocket> to_pause;
  {
    std::lock_guard lock(mutex_);
    if (closed_) return;
    waiting_bytes_ += payload.size();
    commands_.push_back({std::move(payload), binary});
    const bool enough = commands_.size() >= kMaxWaitingCommands || waiting_bytes_ >= kMaxWaitingBytes;
    if (enough && client_ && !reading_paused_) {
      reading_paused_ = true;
      to_pause = client_;
    }
    if (running_command_) {
      if (to_pause) to_pause->pause_reading();
      return;
    }
    running_command_ = true;
  }
  if (to_pause) to_pause->pause_reading();
  post_next_command();
}

void ChatSocket::run_commands() {
  std::optional<Command> command;
  std::shared_ptr<net::WebSocket> to_resume;
  {
    std::lock_guard lock(mutex_);
    running_command_ = !commands_.empty();
    if (running_command_) {
      command = std::move(commands_.front());
      commands_.pop_front();
      waiting_bytes_ -= command->payload.size();
    } else if (reading_paused_) {
      reading_paused_ = false;
      to_resume = client_;
    }
  }
  if (to_resume) to_resume->resume_reading();
  if (!command) return;
  if (!context_->access->is_still_known(options_.caller)) return turn_away();
  const auto done =
      run_chat_command(*context_, {options_.session_id, options_.caller}, command->payload, command->binary);
  if (!done) send(chat_error(done.error(), context_->deps.clock.now_ms()));
  if (done && *done) acknowledge(**done);
  post_next_command();
}

// A prompt's own frame acknowledges it. One that was re-sent may lie before the first event that this client gets: it
// is told apart from the stream, without a seq.
void ChatSocket::acknowledge(const PostedPrompt& prompt) {
  {
    std::lock_guard lock(mutex_);
    if (prompt.seq > starts_after_) return;
  }
  const UnixMillis now = context_->deps.clock.now_ms();
  // What was sent first under this id counts, whatever came with it now.
  const auto stored =
      read_events(context_->deps.store, {options_.session_id, prompt.seq - 1, 1}, context_->task_call());
  if (!stored) return send(chat_error(stored.error(), now));
  if (stored->empty()) return;  // removed with its session, which closes the socket
  send(prompt_receipt_frame(get_string(stored->front().data, "content"), prompt.client_id, prompt.seq, now));
}

void ChatSocket::post_next_command() {
  context_->tasks.run([self = shared_from_this()] { self->run_commands(); });
}

void ChatSocket::on_drained() {
  if (const auto events = feed()) events->resume();
}

void ChatSocket::on_close(int) {
  {
    std::lock_guard lock(mutex_);
    if (closed_) return;  // shut down: nothing of the Api may be touched any more
    closed_ = true;
    client_.reset();
    commands_.clear();
  }
  // Ending a subscription may wait for the store: not for an I/O thread.
  context_->tasks.run([self = shared_from_this()] {
    if (const auto events = self->feed()) events->close();
    self->context_->sockets.remove(self.get());
  });
}

bool ChatSocket::wants_more() {
  const auto to = client();
  return to && to->queued_bytes() < kMaxQueuedBytes;
}

void ChatSocket::on_event(const Event& event) {
  may_have_ended_ = may_have_ended_ || may_end_session(event.type);
  for (Json& frame : chat_frames(event)) send(options_.links.in_full(std::move(frame)));
}

void ChatSocket::on_caught_up(Seq last_seq) {
  if (!may_have_ended_) return;
  const auto row = context_->deps.store.get_session(options_.session_id, context_->task_call());
  if (!row) return;
  if (row->last_seq > last_seq) return;  // its last frames are still to come
  may_have_ended_ = false;
  if (is_deleted(*row)) close(chat_close::kDeletedSession, "session deleted");
}

void ChatSocket::on_feed_lost(const Error& error) {
  send(chat_error(error, context_->deps.clock.now_ms()));
  close(chat_close::kUnknownSession, "unknown session");
}

void ChatSocket::on_ephemeral(const Json& message) {
  std::shared_ptr<net::WebSocket> to;
  {
    std::lock_guard lock(mutex_);
    if (!deltas_on_) return;
    to = client_;
  }
  if (!to || to->queued_bytes() > kMaxDeltaBacklog) return;
  const Json frame = delta_frame(message, context_->deps.clock.now_ms());
  if (!frame.is_null()) to->send_text(dump_json(frame));
}

std::shared_ptr<net::WebSocket> ChatSocket::client() {
  std::lock_guard lock(mutex_);
  return client_;
}

std::shared_ptr<EventFeed> ChatSocket::feed() {
  std::lock_guard lock(mutex_);
  return feed_;
}

void ChatSocket::send(const Json& frame) {
  if (const auto to = client()) to->send_text(dump_json(frame));
}

void ChatSocket::close(int code, const char* reason) {
  if (const auto to = client()) to->close(code, reason);
}

}  // namespace ottobot::api
