// The fold of a session's log: what an agent, or whoever takes over from it, needs to know.
//
// apply() is deterministic and total: any sequence of events, inbox events anywhere, gives a state. Prompts queue up in
// order; the oldest unfinished one is the turn. A turn ends with turn_finished. One thread at a time.
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "ottobot/event.hpp"

namespace ottobot {

struct PendingPrompt {
  Seq seq = 0;
  std::string content;
};

// One call of the newest model message that asked for tools.
struct OpenToolCall {
  ToolCallPart call;
  bool intended = false;  // a tool_intent is in the log: it may have run
  std::string boot_id;    // of the sandbox that the intent was meant for
  std::optional<ToolResultPart> result;
};

struct Turn {
  Seq prompt_seq = 0;
  int steps = 0;  // model calls started
  Usage usage;
  UnixMillis started_at = 0;  // when the session went to running for it; 0 before
  bool stop_requested = false;
  bool workspace_touched = false;          // a tool that is not read-only was intended
  std::vector<std::string> changed_files;  // paths that such tools named, each once
};

class SessionState {
 public:
  void apply(const Event& event);

  Seq last_seq() const { return last_seq_; }
  SessionStatus status() const { return status_; }
  const std::string& phase() const { return phase_; }
  const std::string& environment() const { return environment_; }
  const std::string& model() const { return model_; }
  const Usage& usage() const { return usage_; }

  // The running turn; nullopt when the session waits for a prompt.
  const std::optional<Turn>& turn() const { return turn_; }
  // Prompts after the running one, oldest first.
  const std::deque<PendingPrompt>& queued_prompts() const { return queued_; }
  bool delete_requested() const { return delete_requested_; }
  // Something for an owner to do: a turn, or a delete that is not done yet.
  bool has_work() const;

  // The conversation so far. Results of the newest calls join it, in call order, once every call has one.
  const std::vector<Message>& messages() const { return messages_; }
  // SHA-256 over the conversation, updated per message: identifies what a model call was shown. O(1) per step.
  const std::string& conversation_hash() const { return conversation_hash_; }
  // Calls of the newest model message, in call order; empty once all are answered.
  const std::vector<OpenToolCall>& open_calls() const { return open_calls_; }
  // The newest model message asked for no tools and the turn has not been finished yet.
  bool answered() const { return answered_; }

  // The whole fold as a checkpoint, and back. A damaged or foreign checkpoint is data_loss: fold from the start then.
  Json to_checkpoint() const;
  static Result<SessionState> from_checkpoint(const Json& checkpoint);

 private:
  void apply_status(const Event& event);
  void apply_agent_message(const Event& event);
  void leave_expiry_when_deleted();
  void apply_intent(const Event& event);
  void apply_result(const Event& event);
  OpenToolCall* find_open_call(const Event& event);
  void join_results();
  void finish_turn();
  void start_next_turn();
  void add_message(Message message);

  Seq last_seq_ = 0;
  SessionStatus status_ = SessionStatus::initializing;
  std::string phase_;
  std::string environment_;
  std::string model_;
  Usage usage_;
  std::optional<Turn> turn_;
  std::unordered_set<std::string> changed_files_;  // those of turn_, to find one
  std::deque<PendingPrompt> queued_;
  bool delete_requested_ = false;
  std::vector<Message> messages_;
  std::string conversation_hash_;
  std::vector<OpenToolCall> open_calls_;
  bool answered_ = false;
};

}  // namespace ottobot
