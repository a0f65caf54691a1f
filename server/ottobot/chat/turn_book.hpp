// TurnBook: which prompts of a session are still to be answered, folded from its chat frames. One prompt is one turn,
// in order. Pure.
#pragma once

#include <deque>
#include <map>
#include <string>

#include "ottobot/event.hpp"

namespace ottobot::cli::chat {

// How a session's log stands when a client attaches to it.
struct Standing {
  Seq last_seq = 0;
  Seq last_visible_seq = 0;  // of those, the last one that chat shows
  int unanswered = 0;        // prompts
};

class TurnBook {
 public:
  // Frames up to standing.last_seq are history and change nothing.
  void start(const Standing& standing);

  // A prompt of ours, until its frame comes back. The one that made the session has no id of its own: "".
  void sent(const std::string& client_id, const std::string& content);
  std::map<std::string, std::string> unacknowledged() const { return sent_; }

  void frame(const Json& frame);

  bool is_running() const { return !waiting_.empty(); }
  std::size_t waiting() const { return waiting_.size(); }
  // Every prompt that is in the log by now has been answered, and every one of ours is in the log.
  bool is_quiet() const { return waiting_.empty() && sent_.empty() && seen_ >= standing_.last_visible_seq; }
  // A turn of ours, or any if we sent nothing, did not complete; or the session broke.
  bool has_failed() const { return any_ours_ ? ours_failed_ : others_failed_; }
  bool is_broken() const { return broken_; }

 private:
  struct Prompt {
    bool ours = false;
  };
  void prompt_logged(const std::string& client_id);
  void turn_ended(bool completed);

  Standing standing_;
  Seq seen_ = 0;
  std::map<std::string, std::string> sent_;
  std::deque<Prompt> waiting_;
  bool any_ours_ = false, ours_failed_ = false, others_failed_ = false, broken_ = false;
};

}  // namespace ottobot::cli::chat
