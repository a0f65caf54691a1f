#include "chat/conversation.hpp"

#include <poll.h>
#include <sys/signalfd.h>

#include <csignal>
#include <iostream>

#include "chat/standing.hpp"
#include "ottobot/ids.hpp"

namespace ottobot::cli::chat {
namespace {

constexpr std::chrono::seconds kCall{30};
constexpr int kAcknowledgeMs = 30000;  // how long the server may take to log a prompt
constexpr std::size_t kMaxPromptLength = 10000;

bool is_blank(const std::string& line) { return line.find_first_not_of(" \t\r") == std::string::npos; }

// The bytes of both signals, as a descriptor.
Result<net::UniqueFd> signal_descriptor() {
  sigset_t signals;
  ::sigemptyset(&signals);
  ::sigaddset(&signals, SIGINT);
  ::sigaddset(&signals, SIGTERM);
  net::UniqueFd fd(::signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!fd) return errno_error("signalfd", errno);
  return fd;
}

}  // namespace

Conversation::Conversation(const ServerClient& client, LineInput& input, ConversationOptions options)
    : client_(client),
      input_(input),
      options_(std::move(options)),
      id_(options_.session_id),
      view_(screen_, options_.colour) {}

int Conversation::run() {
  auto signals = signal_descriptor();
  if (!signals) return report(signals.error());
  if (auto attached = attach(); !attached) {
    complain(attached.error());
    return kExitError;
  }
  const int status = loop(signals->get());
  flush();
  return status;
}

Result<void> Conversation::attach() {
  if (id_.empty()) {
    // Finds out now that there is no server, not after the first prompt was typed.
    auto reached = client_.get("/health", with_timeout(kCall));
    if (!reached && reached.error().code == ErrorCode::unavailable) return fail(reached.error());
    if (options_.interactive) note("What shall the agent do? (Ctrl-C stops a turn, Ctrl-D leaves)");
    return {};
  }
  auto path = session_path(id_);
  if (!path) return fail(path.error());
  auto standing = find_standing(client_, *path, with_timeout(kCall));
  if (!standing) return fail(standing.error());
  book_.start(*standing);
  return open_feed(std::nullopt);
}

Result<void> Conversation::create(const std::string& prompt) {
  Json body{{"initial_prompt", prompt}};
  if (!options_.model.empty()) body["model"] = options_.model;
  auto session = client_.send("POST", "/session", body, with_timeout(kCall));
  if (!session) return fail(session.error());
  id_ = get_string(*session, "session_id");
  note("session " + id_ + "  (the desktop: " + get_string(*session, "vnc_url") + ")");
  book_.sent("", prompt);
  typed_[""] = options_.interactive;
  return open_feed(0);
}

Result<void> Conversation::open_feed(std::optional<Seq> after) {
  FeedOptions options;
  options.url = client_.url();
  options.api_key = client_.api_key();
  options.ca_file = client_.ca_file();
  options.session_id = id_;
  options.after = after;
  options.with_deltas = !options_.as_json;
  if (options_.interactive) options.patience = std::chrono::hours(24);
  auto feed = ChatFeed::start(std::move(options));
  if (!feed) return fail(feed.error());
  feed_ = std::move(*feed);
  return {};
}

int Conversation::loop(int signals) {
  while (!status_) {
    pollfd waiting[] = {
        {signals, POLLIN, 0}, {feed_ ? feed_->fd() : -1, POLLIN, 0}, {input_.at_end() ? -1 : STDIN_FILENO, POLLIN, 0}};
    flush();
    const int ready = ::poll(waiting, 3, waits_for_acknowledgement() ? kAcknowledgeMs : -1);
    if (ready < 0 && errno != EINTR) return report(errno_error("poll", errno).value());
    if (ready == 0) {
      complain(unavailable("the server has not taken every prompt", "ottobot logs " + id_ + " may say why").value());
      return kExitError;
    }
    signalfd_siginfo signal{};
    if (waiting[0].revents != 0 && ::read(signals, &signal, sizeof signal) == sizeof signal) {
      take_interrupt(static_cast<int>(signal.ssi_signo));
    }
    if (!status_ && waiting[1].revents != 0) take_news();
    if (!status_ && waiting[2].revents != 0) take_input();
    if (!status_ && is_done()) status_ = leave();
  }
  return *status_;
}

// Nothing else can happen: a prompt that was refused would be waited for without end.
bool Conversation::waits_for_acknowledgement() const {
  return input_.at_end() && connected_ && !book_.is_running() && !book_.unacknowledged().empty();
}

bool Conversation::is_done() const {
  if (!input_.at_end()) return false;
  return options_.interactive || !feed_ || book_.is_quiet() || book_.is_broken();
}

int Conversation::leave() {
  if (options_.interactive) {
    if (book_.is_running()) note("\nThe session goes on: ottobot chat " + id_);
    return kExitOk;
  }
  if (!feed_ && id_.empty()) {
    complain(
        invalid_argument("there is no prompt", "give one per line on standard input, or the ID of a session").value());
    return kExitUsage;
  }
  return book_.has_failed() ? kExitError : kExitOk;
}

void Conversation::take_input() {
  for (const auto& line : input_.read()) {
    if (status_) return;
    if (!is_blank(line)) take_line(line);
  }
}

void Conversation::take_line(const std::string& line) {
  interrupts_ = 0;
  if (id_.empty()) {
    if (auto created = create(line); !created) {
      complain(created.error());
      if (!options_.interactive) status_ = kExitError;
    }
    return;
  }
  if (utf8_length(line).value_or(line.size()) > kMaxPromptLength) {
    complain(invalid_argument("a prompt has at most 10000 characters", "put long texts into a file of the workspace")
                 .value());
    if (!options_.interactive) status_ = kExitError;
    return;
  }
  const std::string id = new_id();
  book_.sent(id, line);
  typed_[id] = options_.interactive;
  send_prompt(id, line);
}

// One that does not get through is sent again with the next connection, under the same id.
void Conversation::send_prompt(const std::string& id, const std::string& content) {
  if (!connected_) return;
  (void)feed_->send({{"type", "user_prompt"}, {"content", content}, {"id", id}});
}

void Conversation::take_news() {
  for (auto& news : feed_->take()) {
    switch (news.kind) {
      case News::Kind::connected:
        connected_ = true;
        for (const auto& [id, content] : book_.unacknowledged()) {
          if (!id.empty()) send_prompt(id, content);
        }
        break;
      case News::Kind::lost:
        if (std::exchange(connected_, false)) note("connection lost, trying again: " + news.error.message);
        break;
      case News::Kind::frame:
        take_frame(news.frame);
        break;
      case News::Kind::ended:
        complain(explain_unreachable(std::move(news.error), client_.url()));
        status_ = kExitError;
        return;
    }
  }
}

void Conversation::take_frame(const Json& frame) {
  const bool was_running = book_.is_running();
  book_.frame(frame);
  if (was_running && !book_.is_running()) interrupts_ = 0;
  const auto type = get_string(frame, "type");
  if (type == "user_prompt" && !options_.as_json) {
    const Json* metadata = find_member(frame, "metadata");
    const auto typed = typed_.find(metadata != nullptr ? get_string(*metadata, "client_id") : "");
    if (typed != typed_.end() && typed->second) {
      if (book_.waiting() > 1) note("queued, " + std::to_string(book_.waiting() - 1) + " before it");
      // Only the session's first prompt was typed without an id: later ones without are of other clients.
      if (typed->first.empty()) typed_.erase(typed);
      return;
    }
  }
  show(frame);
}

void Conversation::take_interrupt(int signal) {
  const bool first = interrupts_++ == 0;
  if (signal == SIGTERM || !first || (!book_.is_running() && !options_.interactive)) {
    if (!id_.empty()) note("The session goes on: ottobot chat " + id_);
    status_ = 128 + signal;
    return;
  }
  if (options_.interactive) input_.clear();
  if (!book_.is_running() || !feed_) return note("Ctrl-C again leaves");
  note("stopping the turn (Ctrl-C again leaves)");
  if (auto sent = feed_->send({{"type", "stop"}}); !sent) complain(sent.error());
}

void Conversation::show(const Json& frame) {
  if (!options_.as_json) return view_.frame(frame);
  screen_ << dump_json(frame) << "\n";
}

void Conversation::note(const std::string& text) {
  if (!options_.as_json) return view_.note(text);
  std::cerr << text << "\n";
}

void Conversation::complain(const Error& error) {
  flush();
  report(error);
}

void Conversation::flush() {
  const auto text = screen_.str();
  screen_.str({});
  if (!text.empty()) input_.write(text);
}

}  // namespace ottobot::cli::chat
