// The contract suite of SessionStore. A store's author includes this in one file of a test program and writes
//
//   INSTANTIATE_TEST_SUITE_P(MyStore, SessionStoreContract,
//                            ::testing::Values(SessionStoreFactory{"MyStore", make_my_store}), session_store_name);
//
// in namespace ottobot::testing. It needs no sleep and about a second.
#pragma once

#include <functional>
#include <memory>
#include <ostream>
#include <string>

#include <gtest/gtest.h>

#include "ottobot/ids.hpp"
#include "ottobot/session_store.hpp"
#include "ottobot/testing/manual_clock.hpp"
#include "ottobot/testing/results.hpp"

namespace ottobot::testing {

struct SessionStoreFactory {
  std::string name;  // letters and digits
  // An empty store of its own at each call. All its timestamps, leases and expiries follow `clock`, which outlives it.
  std::function<Result<std::unique_ptr<SessionStore>>(Clock& clock)> make;
};

inline void PrintTo(const SessionStoreFactory& factory, std::ostream* out) { *out << factory.name; }

inline std::string session_store_name(const ::testing::TestParamInfo<SessionStoreFactory>& info) {
  return info.param.name;
}

class SessionStoreContract : public ::testing::TestWithParam<SessionStoreFactory> {
 protected:
  void SetUp() override {
    auto made = GetParam().make(clock_);
    ASSERT_TRUE(succeeded(made));
    store_ = std::move(*made);
  }

  CreateSessionParams new_session(std::string user = {}) {
    CreateSessionParams params;
    params.row.id = new_id();
    params.row.user = std::move(user);
    params.row.created_at = clock_.now_ms();
    params.row.initial_prompt = "make it so";
    params.events = {events::session_created({"make it so", "node", "scripted:demo", ""}),
                     events::user_prompt("make it so")};
    return params;
  }

  // The id of a new session, whose log holds two events.
  std::string create(std::string user = {}) {
    const auto params = new_session(std::move(user));
    EXPECT_TRUE(succeeded(store_->create_session(params, ctx_)));
    return params.row.id;
  }

  Lease own(const std::string& session_id, const std::string& owner = "worker-1") {
    return value_of(store_->acquire_lease({session_id, owner, std::chrono::seconds(10)}, ctx_));
  }

  static AppendOwnerParams by_owner(const Lease& lease, std::vector<NewEvent> events = {}, RowPatch patch = {}) {
    AppendOwnerParams params;
    params.session_id = lease.session_id;
    params.events = std::move(events);
    params.patch = std::move(patch);
    params.epoch = lease.epoch;
    return params;
  }

  static AppendParams by_anybody(const std::string& session_id, std::vector<NewEvent> events, RowPatch patch = {}) {
    return {session_id, std::move(events), std::move(patch)};
  }

  static NewEvent note(std::string text) { return events::log(LogLevel::info, std::move(text)); }

  std::vector<Event> read_all(const std::string& session_id) {
    ReadParams params;
    params.session_id = session_id;
    params.limit = 100'000;
    params.max_bytes = 1 << 30;
    return value_of(store_->read(params, ctx_));
  }

  SessionRow row(const std::string& session_id) { return value_of(store_->get_session(session_id, ctx_)); }

  ManualClock clock_;
  CallContext ctx_ = with_timeout(std::chrono::seconds(60));
  std::unique_ptr<SessionStore> store_;
};

}  // namespace ottobot::testing

#include "ottobot/testing/contracts/session_store_blobs.hpp"
#include "ottobot/testing/contracts/session_store_leases.hpp"
#include "ottobot/testing/contracts/session_store_log.hpp"
#include "ottobot/testing/contracts/session_store_sessions.hpp"
#include "ottobot/testing/contracts/session_store_subscriptions.hpp"
