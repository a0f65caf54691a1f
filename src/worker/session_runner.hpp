// Runs one session while it has work: sandbox, turns, end. One object per run, on one thread.
#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "ottobot/agent/coding_agent.hpp"
#include "ottobot/session/session_log.hpp"
#include "worker/desktop_input_gate.hpp"
#include "worker/disk_watch.hpp"
#include "worker/lease_keeper.hpp"
#include "worker/port_listeners.hpp"
#include "worker/sandbox_toolbox.hpp"
#include "worker/worker.hpp"

namespace ottobot::worker {

class SessionRunner final : private Emitter {
 public:
  // `abandon` fires when the lease is lost or the worker shuts down.
  SessionRunner(WorkerDependencies& dependencies, const WorkerOptions& options, PortListeners& ports, DiskWatch& disk,
                const Lease& lease, std::stop_token abandon);
  ~SessionRunner() override;

  // Until nothing is left to do. Errors leave the session pending, for the next owner.
  Result<void> run();

 private:
  // Emitter: what nodes append to.
  Result<void> commit(std::vector<NewEvent> events) override;
  Result<void> commit_with_next(std::vector<NewEvent> events) override;
  void delta(const Json& message) override;
  const SessionState& state() const override { return log_->state(); }

  Result<void> commit(std::vector<NewEvent> events, const RowPatch& patch);
  Result<void> watched(Result<void> commit);
  std::chrono::milliseconds turn_duration() const;  // of the running turn, so far
  Result<bool> settle();                            // true when there was nothing to do and the session is marked so

  // What a sandbox is to be filled with.
  struct Restore {
    enum class When { never, if_empty, always } when = When::never;
    std::string blob;
  };

  Result<void> ensure_sandbox();
  Result<void> launch_sandbox();
  Result<void> may_launch();
  Result<void> connect_tools(const Sandbox& sandbox, const Restore& files, bool announce);
  Result<SessionRow> open_ports();
  Result<void> run_turn();
  Result<void> run_graph(ModelHandle model);
  enum class Next { done, again };
  Result<Next> after_error(const Error& error);
  bool sandbox_is_gone();
  Result<void> fail_turn(const Error& error);
  Result<void> fail_start(const Error& error);

  enum class End { deleted, expired };
  Result<void> end_session(End end);
  Result<void> announce_end(End end);

  // session_files.cpp
  Result<Restore> plan_restore(const SessionRow& row);
  Result<void> restore_files(const Sandbox& sandbox, const Restore& files, bool announce);
  Result<void> mark_restoring(bool restoring);
  void keep_archive_as_snapshot(const SessionRow& row, RowPatch& patch) const;
  Result<void> keep_snapshot(const SessionRow& row);
  Result<std::string> take_snapshot(const Sandbox& sandbox);
  Result<void> note_no_snapshot(const Error& error, const RowPatch& patch);
  Result<void> keep_archive();
  Result<std::string> archive_workspace();
  void drop_blob(const std::string& blob_id);

  CodingAgentOptions agent_options(const std::string& model) const;
  DesktopInputGateOptions input_gate_options() const;
  CallContext owner_context(std::chrono::milliseconds timeout) const;

  WorkerDependencies& dependencies_;
  const WorkerOptions& options_;
  PortListeners& ports_;
  DiskWatch& disk_;
  const Lease lease_;
  const std::string session_id_;
  const std::string sandbox_name_;
  std::stop_token abandon_;
  std::unique_ptr<SessionLog> log_;
  std::unique_ptr<SandboxToolBox> tools_;
  std::int64_t timeout_s_ = 0;  // of the session; known from run() on
  int relaunches_ = 0;          // in the running turn
  bool waits_for_backend_ = false;
  std::atomic<bool> store_is_out_{false};  // set by commits of calls that run side by side
};

// An error with its hint, for people.
std::string sentence_of(const Error& error);
// "512 MiB"
std::string in_mib(std::uint64_t bytes);
// The backend's name for the sandbox of a session.
std::string sandbox_name(const std::string& session_id);
// What a sandbox of a session is launched with, the first time. `store_id`: whose sandbox it is.
LaunchParams sandbox_params(const std::string& session_id, const std::string& image, const std::string& environment,
                            const std::string& store_id, const SandboxLimits& limits);

}  // namespace ottobot::worker
