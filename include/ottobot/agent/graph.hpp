// Graph: an agent as nodes over the session's event log.
//
// A node reads the state (the fold of the log), acts, and commits events; which node comes next is a function of the
// state alone. So resuming after a crash is folding the log and asking where to go, and a graph keeps nothing between
// nodes. Build it once; run() may then be called from several threads, each with its own Emitter.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "ottobot/call_context.hpp"
#include "ottobot/session_state.hpp"

namespace ottobot {

// The log as a node sees it. One thread at a time.
class Emitter {
 public:
  virtual ~Emitter() = default;
  // Appends durably and folds; state() is up to date afterwards. It is the owner's act: a stopped turn still commits
  // what it did, and it ends with the owner's lease. Errors: fenced and those of the store.
  virtual Result<void> commit(std::vector<NewEvent> events) = 0;
  // As commit, for events that another commit follows at once: both may be one append then. Until then they can be lost
  // with the process, as if what gave them had not happened yet.
  virtual Result<void> commit_with_next(std::vector<NewEvent> events) { return commit(std::move(events)); }
  // Tells those who watch right now; stored nowhere.
  virtual void delta(const Json& message) = 0;
  // Valid until the Emitter ends; changes with commit().
  virtual const SessionState& state() const = 0;
};

class Graph {
 public:
  // Errors end the run and are its result.
  using Node = std::function<Result<void>(const SessionState& state, Emitter& emitter, const CallContext& ctx)>;
  // The name of the node to run next, or kEnd.
  using Router = std::function<std::string(const SessionState& state)>;
  static constexpr const char* kEnd = "__end__";

  explicit Graph(Router router) : router_(std::move(router)) {}
  // Chains. A name twice replaces the node.
  Graph& add_node(std::string name, Node node);
  // The run ends after this node, whatever the router would say next.
  Graph& set_finish_point(std::string name);

  // Runs nodes until the router says kEnd. A node must change the state: the same node over an unchanged log is an
  // internal error instead of an endless loop. Errors: those of the nodes; cancelled, deadline_exceeded between nodes.
  Result<void> run(Emitter& emitter, const CallContext& ctx) const;

 private:
  Router router_;
  std::map<std::string, Node> nodes_;
  std::string finish_point_;
};

}  // namespace ottobot
