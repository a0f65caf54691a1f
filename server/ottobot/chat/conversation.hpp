// Conversation: one `ottobot chat`: a user on standard input, a session on a server, frames on standard output.
//
// Everything happens on the calling thread, which must have SIGINT and SIGTERM blocked from before any other thread was
// made: they are read here.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <sstream>
#include <string>

#include "chat/chat_feed.hpp"
#include "chat/line_input.hpp"
#include "chat/turn_book.hpp"
#include "frame_view.hpp"
#include "server_client.hpp"

namespace ottobot::cli::chat {

struct ConversationOptions {
  std::string session_id;  // empty = the first line makes one
  std::string model;       // of a session that is made here
  bool as_json = false;    // frames as they come, one per line
  bool interactive = false;
  bool colour = false;
};

class Conversation {
 public:
  // `client` and `input` are borrowed.
  Conversation(const ServerClient& client, LineInput& input, ConversationOptions options);

  // The exit status.
  int run();

 private:
  Result<void> attach();
  Result<void> create(const std::string& prompt);
  Result<void> open_feed(std::optional<Seq> after);

  int loop(int signals);
  void take_input();
  void take_line(const std::string& line);
  void take_news();
  void take_frame(const Json& frame);
  void take_interrupt(int signal);
  void send_prompt(const std::string& id, const std::string& content);
  bool waits_for_acknowledgement() const;
  bool is_done() const;
  int leave();

  void show(const Json& frame);
  void note(const std::string& text);
  void complain(const Error& error);
  void flush();

  const ServerClient& client_;
  LineInput& input_;
  const ConversationOptions options_;
  std::string id_;
  std::ostringstream screen_;
  FrameView view_;
  TurnBook book_;
  std::unique_ptr<ChatFeed> feed_;
  std::map<std::string, bool> typed_;  // ids of prompts that the terminal shows already
  int interrupts_ = 0;                 // since something was said or done
  bool connected_ = false;
  std::optional<int> status_;  // set when it is over
};

}  // namespace ottobot::cli::chat
