// Which prompts of a session no turn has ended yet. Thread-safe.
//
// A list is carried on from where it was last asked for, or from the newest checkpoint, so that asking costs what was
// appended in between. Only sessions that have work are asked about.
#pragma once

#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>

#include "ottobot/session_store.hpp"

namespace ottobot::session {

class WaitingPrompts {
 public:
  // True while at most `max` prompts wait, the running one aside, and for a prompt that is one of them: sending it
  // again must stay harmless. Errors: those of read() and get_checkpoint().
  Result<bool> has_room(SessionStore& store, const std::string& session_id, const std::string& event_id,
                        std::size_t max, const CallContext& ctx);

 private:
  struct List {
    std::mutex mutex;                // guards the members below; held while the log is read on
    Seq seq = 0;                     // read up to here
    std::deque<std::string> events;  // ids, oldest first; empty ids for those of a checkpoint
  };
  static Result<void> read_on(List& list, SessionStore& store, const std::string& session_id, const CallContext& ctx);
  std::shared_ptr<List> list_of(const std::string& session_id);

  std::mutex mutex_;  // guards lists_
  std::unordered_map<std::string, std::shared_ptr<List>> lists_;
};

}  // namespace ottobot::session
