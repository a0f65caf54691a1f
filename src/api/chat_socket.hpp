// One chat client.
#pragma once

#include <deque>
#include <mutex>
#include <optional>
#include <string>

#include "api/chat_commands.hpp"
#include "api/context.hpp"
#include "api/event_feed.hpp"
#include "api/links.hpp"
#include "api/refused_socket.hpp"

namespace ottobot::api {

struct ChatOptions {
  std::string session_id;
  Caller caller;
  Links links;
  SocketSlot slot = {};
  std::optional<Seq> after = {};  // nullopt = the last 50 chat-visible events
  bool with_deltas = false;
};

namespace chat_close {
inline constexpr int kGoingAway = 1001;
inline constexpr int kInternal = 1011;
inline constexpr int kTryLater = 1013;
inline constexpr int kBadCredentials = api::kBadCredentials;
inline constexpr int kUnknownSession = 4404;
inline constexpr int kDeletedSession = 4410;
}  // namespace chat_close

class ChatSocket final : public net::WebSocketObserver,
                         public FeedReader,
                         public OpenSocket,
                         public std::enable_shared_from_this<ChatSocket> {
 public:
  ChatSocket(std::shared_ptr<Context> context, ChatOptions options, LongRequests::Slot slot)
      : context_(std::move(context)), slot_(std::move(slot)), options_(std::move(options)) {}

  // Greets, replays, goes live. Once, on a handler thread.
  void open(std::shared_ptr<net::WebSocket> client);
  void shut_down() override;
  const Caller& caller() const override { return options_.caller; }
  void turn_away() override;

  void on_message(std::string payload, bool binary) override;
  void on_drained() override;
  void on_close(int code) override;

  bool wants_more() override;
  void on_event(const Event& event) override;
  void on_caught_up(Seq last_seq) override;
  void on_feed_lost(const Error& error) override;
  void on_ephemeral(const Json& message) override;

 private:
  struct Command {
    std::string payload;
    bool binary = false;
  };

  Result<void> begin();
  Result<Seq> replay_start(Seq last_seq);
  void go_live(std::shared_ptr<EventFeed> feed, const SessionRow& row, Seq after);
  void refuse(const Error& error);

  void run_commands();
  void post_next_command();
  void acknowledge(const PostedPrompt& prompt);

  std::shared_ptr<net::WebSocket> client();
  std::shared_ptr<EventFeed> feed();
  void send(const Json& frame);
  void close(int code, const char* reason);

  const std::shared_ptr<Context> context_;
  const LongRequests::Slot slot_;
  const ChatOptions options_;
  bool may_have_ended_ = false;  // touched by the feed's one task only

  std::mutex mutex_;                        // guards the members below
  std::shared_ptr<net::WebSocket> client_;  // until the socket closes
  std::shared_ptr<EventFeed> feed_;         // from going live until the socket closes
  bool closed_ = false;
  bool deltas_on_ = false;
  Seq starts_after_ = 0;  // of the events it gets
  std::deque<Command> commands_;
  std::size_t waiting_bytes_ = 0;  // of commands_
  bool running_command_ = true;    // until open() is done: nothing before the greeting
  bool reading_paused_ = false;
};

}  // namespace ottobot::api
