// A session in a memory store, owned by the test, as an agent sees it.
#pragma once

#include "ottobot/agent/coding_agent.hpp"
#include "ottobot/ids.hpp"
#include "ottobot/llm/scripted.hpp"
#include "ottobot/session/session_log.hpp"
#include "ottobot/session/session_service.hpp"
#include "ottobot/stores/memory.hpp"
#include "ottobot/testing/manual_clock.hpp"

namespace ottobot::testing {

class AgentHarness final : public Emitter {
 public:
  explicit AgentHarness(const std::string& prompt) {
    CreateSessionParams params;
    params.row.id = session_id;
    params.events = {events::session_created({prompt, "node", "scripted:test", ""}), events::user_prompt(prompt)};
    EXPECT_TRUE(store->create_session(params, {}));
    adopt();
  }

  // Takes the session over, as another worker would after a crash.
  void adopt() {
    const std::string owner = "owner-" + std::to_string(++owners_);
    if (lease) {
      EXPECT_TRUE(store->release_lease(*lease, {}));
    }
    auto acquired = store->acquire_lease({session_id, owner, std::chrono::hours(1)}, {});
    ASSERT_TRUE(acquired);
    lease = *acquired;
    auto opened = SessionLog::open(*store, *lease, {});
    ASSERT_TRUE(opened);
    log = std::move(*opened);
  }

  void post(NewEvent event) { EXPECT_TRUE(store->post_inbox({session_id, {std::move(event)}, {}}, {})); }

  Result<void> commit(std::vector<NewEvent> events) override {
    if (crash_after && crash_after-- == 1) return unavailable("crashed here");
    return log->commit(std::move(events), {}, {});
  }
  Result<void> commit_with_next(std::vector<NewEvent> events) override {
    if (crash_after && crash_after-- == 1) return unavailable("crashed here");
    return log->commit_with_next(std::move(events), {});
  }
  void delta(const Json& message) override { deltas.push_back(message); }
  const SessionState& state() const override { return log->state(); }

  std::vector<Event> events() { return *read_events(*store, {session_id, 0, 10000, 100u << 20}, {}); }
  std::vector<std::string> types() {
    std::vector<std::string> names;
    for (const Event& event : events()) names.emplace_back(to_string(event.type));
    return names;
  }
  std::vector<Event> events_of(EventType type) {
    std::vector<Event> found;
    for (Event& event : events()) {
      if (event.type == type) found.push_back(std::move(event));
    }
    return found;
  }
  Json end_of_turn() {
    const auto ends = events_of(EventType::turn_finished);
    return ends.empty() ? Json() : ends.back().data;
  }

  const std::string session_id = new_id();
  ManualClock clock;
  std::unique_ptr<SessionStore> store = make_memory_store(clock);
  std::optional<Lease> lease;
  std::unique_ptr<SessionLog> log;
  std::vector<Json> deltas;
  int crash_after = 0;  // the n-th commit from now fails

 private:
  int owners_ = 0;
};

}  // namespace ottobot::testing
