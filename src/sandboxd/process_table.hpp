// The commands that the agent started: one thread pumps the output of all of them and notices their ends.
//
// A command outlives the call that started it when it runs longer than the call may; the table holds the latest
// finished ones, so that their output can still be read. Thread-safe. Destroying it kills every group and joins.
#pragma once

#include <condition_variable>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "net/process/spawn.hpp"
#include "sandboxd/console.hpp"
#include "sandboxd/output_capture.hpp"

namespace ottobot::sandboxd {

struct CommandSpec {
  std::string command;
  std::string folder;  // absolute
  bool with_input = false;
};

// One command. Thread-safe.
class ManagedProcess {
 public:
  enum class Since { start, last_look };
  struct Snapshot {
    std::optional<net::ExitStatus> exit;  // nullopt while it runs
    bool has_group = false;               // as has_group()
    OutputCapture::Text output;
    std::string output_file;  // empty while the output is short
    std::chrono::milliseconds run_time{0};
  };

  const std::string& id() const { return id_; }
  pid_t pid() const { return pid_; }
  const std::string& command() const { return spec_.command; }
  bool running() const;
  // It runs, or something that it started holds its output: then its number still names its group.
  bool has_group() const;
  // `last_look`: the output that no earlier look has shown; this one counts as a look.
  Snapshot look(Since since);

  // Blocks until the process ended (true), there is new output to report or `ctx` ended (false).
  bool wait_news(const CallContext& ctx);
  // Blocks until the process ended (true) or `ctx` ended.
  bool wait_end(const CallContext& ctx);
  // Blocks until there is output that no look has shown, the process ended, or `ctx` ended.
  void wait_unread(const CallContext& ctx);
  // Blocks until nothing can write to its output any more or `ctx` ended.
  void wait_output_end(const CallContext& ctx);
  // Output since the last call, the latest few KiB of it; `total` is what came in all.
  std::string take_news(std::uint64_t& total);
  // Errors: conflict (it ended or takes no input), deadline_exceeded and cancelled (they say how much it took).
  Result<void> write_input(std::string_view text, const CallContext& ctx);
  // It reads the end of its input then; nothing to do when that is closed already.
  void close_input();

 private:
  friend class ProcessTable;
  ManagedProcess(std::string id, CommandSpec spec, const std::string& output_path);

  const std::string id_;
  const CommandSpec spec_;
  const std::chrono::steady_clock::time_point started_;
  pid_t pid_ = -1;
  std::mutex input_mutex_;  // guards input_: one writer at a time
  net::UniqueFd input_;

  // Touched by the table's pump thread only.
  net::Process process_;
  net::UniqueFd out_, err_;
  std::string out_rest_, err_rest_;  // for the console: the begun character at the end of a chunk

  template <class Condition>
  bool wait_until(const CallContext& ctx, Condition condition);

  mutable std::mutex mutex_;  // guards all below
  std::condition_variable_any changed_;
  OutputCapture capture_;
  std::string news_;  // not reported yet
  bool output_open_ = true;
  std::optional<net::ExitStatus> exit_;
  std::chrono::milliseconds run_time_{0};
};

struct ProcessTableOptions {
  std::string output_folder;  // for the files of long outputs
  std::map<std::string, std::string> environment;
  Console* console = nullptr;  // outlives the table
  std::size_t max_running = 256;
  std::size_t max_finished = 100;     // whose output can still be read
  std::size_t max_left_behind = 256;  // finished ones whose children still hold their output
};

class ProcessTable {
 public:
  explicit ProcessTable(ProcessTableOptions options);
  ~ProcessTable();
  ProcessTable(const ProcessTable&) = delete;
  ProcessTable& operator=(const ProcessTable&) = delete;

  // Starts `command` in a session of its own, with bash if there is one; one too long for an argument goes through a
  // file. Errors: those of net::spawn,
  // resource_exhausted (too many run).
  Result<std::shared_ptr<ManagedProcess>> start(CommandSpec spec);
  std::shared_ptr<ManagedProcess> find(const std::string& id) const;
  std::shared_ptr<ManagedProcess> find_pid(pid_t pid) const;
  std::vector<std::shared_ptr<ManagedProcess>> list() const;
  // SIGTERM to the group, SIGKILL to what is left of it after 100 ms. Returns when that is done; nothing to do when the
  // group is gone.
  void terminate(ManagedProcess& process);

 private:
  void pump();
  void wake() const;
  void read_output(ManagedProcess& process, OutputStream stream);
  void check_exit(ManagedProcess& process);
  void forget_old();
  void forget(std::size_t most, bool with_group);
  std::vector<std::shared_ptr<ManagedProcess>> open_ones() const;

  const ProcessTableOptions options_;
  const std::string shell_;
  net::UniqueFd wake_;
  mutable std::mutex mutex_;  // guards processes_, next_, stopping_
  std::deque<std::shared_ptr<ManagedProcess>> processes_;
  int next_ = 1;
  bool stopping_ = false;
  std::thread pump_;
};

// The group `pgid`: SIGTERM, SIGKILL 100 ms later or as soon as it is empty.
void terminate_group(pid_t pgid);

}  // namespace ottobot::sandboxd
