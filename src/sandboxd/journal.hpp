// At most once: the journal of calls by call id.
//
// The first arrival of an id runs the call on a thread of its own, which no closed stream cancels. Later arrivals join
// it or get the stored result. Results stay until they are acknowledged; large ones wait in files. What is acknowledged
// does not run again either: a request that its caller gave up long ago may still be under way. A call is cancelled by
// its id only. Calls of others than the session's owner have a bound of their own: their oldest results make room.
// Thread-safe; destroying it cancels all calls and joins.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "ottobot/call_context.hpp"
#include "ottobot/mcp/types.hpp"

namespace ottobot::sandboxd {

// One report of a running call: text, and how much was done so far (bytes of output).
using Progress = std::function<void(double done, const std::string& message)>;
// Runs a call. Its context fires when the call is cancelled by id.
using CallBody = std::function<mcp::CallToolResult(const Progress& progress, const CallContext& ctx)>;

struct JournalOptions {
  std::string folder;  // for large results; exists
  std::size_t max_entries = 10000;
  std::size_t max_memory_result_bytes = 64U << 10U;  // larger ones go to files
  std::uint64_t max_spilled_bytes = 512U << 20U;
  // Of others, beside the above.
  std::size_t max_others_entries = 1000;
  std::uint64_t max_others_spilled_bytes = 64U << 20U;
  std::size_t max_acknowledged = 10000;  // ids that are kept in mind; the oldest are forgotten
};

struct JournalCall {
  std::string id;
  std::string fingerprint;  // of name and arguments: the same id with another one is a mistake
  bool by_owner = true;     // false: nobody will acknowledge it, so its result goes when room is needed
  bool read_only = false;   // may run again once it was acknowledged
};

class Journal {
 public:
  explicit Journal(JournalOptions options);
  ~Journal();
  Journal(const Journal&) = delete;
  Journal& operator=(const Journal&) = delete;

  struct Outcome {
    mcp::CallToolResult result;
    bool replayed = false;  // the id was known before
  };
  // Blocks until the call's result is there or `ctx` ends, which leaves the call running. `progress` is called on this
  // thread. Errors: cancelled, deadline_exceeded (of waiting), conflict (the id with another fingerprint, or
  // acknowledged), resource_exhausted (full: acknowledge results), data_loss (a stored result cannot be read).
  Result<Outcome> call(const JournalCall& call, CallBody body, const Progress& progress, const CallContext& ctx);

  // True when the call is running (it ends soon, with what it had) or has not arrived (it will not run).
  bool cancel(const std::string& id);
  // Forgets these results; that of a running call when it ends.
  void acknowledge(const std::vector<std::string>& ids);

  std::size_t size() const;

 private:
  struct Entry;
  using EntryPtr = std::shared_ptr<Entry>;

  struct Opened {
    EntryPtr entry;
    bool is_new = false;
  };
  // What the entries of the owner, or of all others together, come to.
  struct Use {
    std::size_t entries = 0;
    std::uint64_t spilled_bytes = 0;
  };

  Result<Opened> open_entry(const JournalCall& call);
  Result<void> make_room(bool by_owner);
  bool evict_oldest_of_others();
  Use& use_of(const Entry& entry);
  void run(const EntryPtr& entry, const CallBody& body);
  void store(Entry& entry, mcp::CallToolResult result);
  Result<mcp::CallToolResult> wait(Entry& entry, const Progress& progress, const CallContext& ctx);
  Result<mcp::CallToolResult> wait_and_load(Entry& entry, const Progress& progress, const CallContext& ctx);
  Result<mcp::CallToolResult> load(const Entry& entry) const;
  void evict(const std::string& id);
  void evict_acknowledged(const std::string& id);
  void join_finished();

  const JournalOptions options_;
  mutable std::mutex mutex_;  // guards all below, and the entries
  std::condition_variable_any changed_;
  std::unordered_map<std::string, EntryPtr> entries_;
  std::unordered_map<std::string, std::thread> threads_;  // running calls by id
  std::vector<std::thread> finished_;                     // threads that are about to end
  Use owner_, others_;
  std::unordered_set<std::string> acknowledged_;
  std::deque<std::string> acknowledged_order_;  // the same ids, oldest first
  std::list<std::string> others_done_;          // ids of the others' finished calls, oldest first
  bool stopping_ = false;
};

}  // namespace ottobot::sandboxd
