#include "bench/stored_sessions.hpp"

#include <atomic>
#include <thread>

#include "bench/support.hpp"
#include "ottobot/clock.hpp"
#include "ottobot/ids.hpp"

namespace ottobot::bench {
namespace {

constexpr std::chrono::hours kIdleTime{24};

// Of the sizes that turns leave.
std::vector<NewEvent> some_events(int count) {
  const std::string words(200, 'w');
  std::vector<NewEvent> events;
  while (static_cast<int>(events.size()) < count) {
    events.push_back(events::agent_thinking(words));
    events.push_back(events::model_call_started("scripted:demo", 1, std::string(64, 'a')));
    events.push_back(events::warning(words));
  }
  events.resize(static_cast<std::size_t>(count));
  return events;
}

std::string add_session(SessionStore& store, int events) {
  CreateSessionParams params;
  params.row.id = new_id();
  params.row.created_at = system_clock().now_ms();
  params.row.initial_prompt = std::string(500, 'x');
  params.row.model = "scripted:demo";
  params.row.environment = "node";
  must(store.create_session(params, CallContext{}));
  const Lease lease = must(store.acquire_lease({params.row.id, "bench", std::chrono::hours(1)}, CallContext{}));
  AppendOwnerParams append;
  append.session_id = params.row.id;
  append.epoch = lease.epoch;
  append.events = some_events(events);
  append.patch.status = SessionStatus::ready;
  append.patch.phase = std::string(phase::kReady);
  append.patch.expires_at = params.row.created_at + std::chrono::milliseconds(kIdleTime).count();
  append.patch.pending = false;
  must(store.append_owner(append, CallContext{}));
  must(store.release_lease(lease, CallContext{}));
  return params.row.id;
}

}  // namespace

std::vector<std::string> store_sessions(SessionStore& store, int sessions, int events, int threads) {
  std::vector<std::string> ids(static_cast<std::size_t>(sessions));
  std::atomic<std::size_t> next{0};
  std::vector<std::jthread> workers;
  for (int n = 0; n < threads; ++n) {
    workers.emplace_back([&] {
      for (std::size_t place = next++; place < ids.size(); place = next++) ids[place] = add_session(store, events);
    });
  }
  workers.clear();
  return ids;
}

}  // namespace ottobot::bench
