// One run: users, API servers and workers on one store and one queue, in bad weather and then in good, by one seed.
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "simulation/processes.hpp"

namespace ottobot::simulation {

// What a run is like.
struct Plan {
  explicit Plan(Random& random);

  std::size_t workers, hosts, apis, sessions;
  std::uint64_t most_prompts;      // of a session
  bool sessions_expire;            // while the run lasts, and are removed some time later
  Nanos fault_time;                // how long there are faults
  Nanos between_faults;            // about
  Weather to_store, to_sandboxes;  // meanwhile
  std::chrono::milliseconds lease_ttl;
};

// What a user was told, and so may rely on.
struct Acknowledged {
  std::string session_id;  // empty: it was never created
  std::string first_prompt;
  std::set<std::string> prompts;  // their ids
  bool deleted = false;
};

class World {
 public:
  explicit World(Scheduler& scheduler);
  ~World();

  // On a thread of the scheduler. What was violated; empty if nothing was.
  std::string play();
  std::size_t stray_jobs() const;  // after it

 private:
  struct WorkerPlace {
    std::string id;
    Host* host = nullptr;
    std::unique_ptr<WorkerProcess> worker;
    int starts = 0;
    bool in_trouble = false;
  };
  struct ApiPlace {
    std::shared_ptr<ApiProcess> api;
    bool in_trouble = false;
  };

  // Users: world_users.cpp.
  void use_session(std::size_t number);
  bool create(Acknowledged& told, std::size_t number);
  void prompt(Acknowledged& told, std::size_t session, std::uint64_t number);
  void stop(Acknowledged& told);
  void remove(Acknowledged& told);
  template <class Value>
  std::optional<Result<Value>> ask(std::function<Result<Value>(SessionService&)> request);
  template <class Value>
  std::optional<Result<Value>> ask_until_told(std::function<Result<Value>(SessionService&)> request);
  bool is_over() const { return !ledger_.violation().empty(); }

  // Faults: world_faults.cpp.
  void make_faults();
  void trouble_worker(WorkerPlace& place);
  void trouble_api(ApiPlace& place);
  void kill_a_sandbox();
  void start_worker(WorkerPlace& place);
  void start_api(ApiPlace& place, std::size_t number);
  void later(std::function<void()> task);  // on a thread of its own, waited for at the end
  void end_faults();

  // invariants.cpp
  std::string what_is_left();
  std::string what_is_left(const std::string& session_id);
  void check_session(const std::string& session_id);
  void check_told(const Acknowledged& told);

  void close();

  Scheduler& scheduler_;
  const Plan plan_;
  Ledger ledger_;
  Weather store_weather_, sandbox_weather_;
  std::unique_ptr<SessionStore> store_;
  std::unique_ptr<Queue> queue_;
  Outside outside_;
  std::vector<std::unique_ptr<Host>> hosts_;
  std::vector<WorkerPlace> workers_;
  std::set<std::string> worker_ids_;  // of all that there were
  std::vector<ApiPlace> apis_;
  std::vector<Acknowledged> told_;
  std::vector<std::uint64_t> threads_;
};

}  // namespace ottobot::simulation
