// Part of session_store_contract.hpp: creation, lists, expiry, purge.
#pragma once

#include <string>
#include <vector>

#include "ottobot/testing/session_store_contract.hpp"

namespace ottobot::testing {

TEST_P(SessionStoreContract, CreateWritesRowEventsAndPendingMark) {
  auto params = new_session("alice");
  params.row.timeout_s = 600;
  params.row.environment = "node";
  params.row.model = "scripted:demo";
  params.row.image = "img";
  params.row.status = SessionStatus::initializing;
  params.row.phase = "queued";
  params.row.expires_at = 42;
  params.row.last_seq = 99;
  const auto created = value_of(store_->create_session(params, ctx_));
  EXPECT_FALSE(created.replayed);
  const auto stored = row(params.row.id);
  for (const auto& each : {created.row, stored}) {
    EXPECT_EQ(each.id, params.row.id);
    EXPECT_EQ(each.user, "alice");
    EXPECT_EQ(each.created_at, clock_.now_ms());
    EXPECT_EQ(each.timeout_s, 600);
    EXPECT_EQ(each.initial_prompt, "make it so");
    EXPECT_EQ(each.environment, "node");
    EXPECT_EQ(each.model, "scripted:demo");
    EXPECT_EQ(each.image, "img");
    EXPECT_EQ(each.phase, "queued");
    EXPECT_EQ(each.expires_at, 42);
    EXPECT_EQ(each.last_seq, 2);
    EXPECT_TRUE(each.pending);
  }
  EXPECT_EQ(read_all(params.row.id).size(), 2u);
}

TEST_P(SessionStoreContract, CreateOfAKnownIdIsRefused) {
  const auto params = new_session();
  ASSERT_TRUE(succeeded(store_->create_session(params, ctx_)));
  auto other = new_session();
  other.row.id = params.row.id;
  EXPECT_TRUE(failed_with(ErrorCode::already_exists, store_->create_session(other, ctx_)));
  EXPECT_EQ(read_all(params.row.id).size(), 2u);
  EXPECT_EQ(value_of(store_->list_sessions({}, ctx_)).total, 1u);
}

TEST_P(SessionStoreContract, SessionIdsAreSafeNames) {
  for (const std::string bad : {"", "../x", "a/b", "a b", "a\n"}) {
    auto params = new_session();
    params.row.id = bad;
    EXPECT_TRUE(failed_with(ErrorCode::invalid_argument, store_->create_session(params, ctx_))) << bad;
    EXPECT_TRUE(failed_with(ErrorCode::not_found, store_->get_session(bad, ctx_))) << bad;
  }
}

TEST_P(SessionStoreContract, IdempotencyKeyReturnsTheFirstSessionForADay) {
  auto first = new_session("alice");
  first.idempotency_key = "key";
  first.request_hash = "hash";
  ASSERT_TRUE(succeeded(store_->create_session(first, ctx_)));
  ASSERT_TRUE(succeeded(store_->post_inbox(by_anybody(first.row.id, {note("later")}), ctx_)));
  auto again = new_session("alice");
  again.idempotency_key = "key";
  again.request_hash = "hash";
  const auto replayed = value_of(store_->create_session(again, ctx_));
  EXPECT_TRUE(replayed.replayed);
  EXPECT_EQ(replayed.row.id, first.row.id);
  EXPECT_EQ(replayed.row.last_seq, 3);
  EXPECT_TRUE(failed_with(ErrorCode::not_found, store_->get_session(again.row.id, ctx_)));
  again.request_hash = "other";
  EXPECT_TRUE(failed_with(ErrorCode::conflict, store_->create_session(again, ctx_)));
  clock_.advance(std::chrono::hours(24));
  const auto next_day = value_of(store_->create_session(again, ctx_));
  EXPECT_FALSE(next_day.replayed);
  EXPECT_EQ(next_day.row.id, again.row.id);
}

TEST_P(SessionStoreContract, FindsTheSessionOfAnIdempotencyKeyWithoutWriting) {
  const FindCreatedParams asked{"alice", "key", "hash"};
  EXPECT_FALSE(value_of(store_->find_created(asked, ctx_)));
  auto first = new_session("alice");
  first.idempotency_key = "key";
  first.request_hash = "hash";
  ASSERT_TRUE(succeeded(store_->create_session(first, ctx_)));
  ASSERT_TRUE(succeeded(store_->post_inbox(by_anybody(first.row.id, {note("later")}), ctx_)));
  const auto found = value_of(store_->find_created(asked, ctx_));
  ASSERT_TRUE(found);
  EXPECT_EQ(found->id, first.row.id);
  EXPECT_EQ(found->last_seq, 3);
  EXPECT_FALSE(value_of(store_->find_created({"bob", "key", "hash"}, ctx_)));
  EXPECT_FALSE(value_of(store_->find_created({"alice", "", "hash"}, ctx_)));
  EXPECT_TRUE(failed_with(ErrorCode::conflict, store_->find_created({"alice", "key", "other"}, ctx_)));
  clock_.advance(std::chrono::hours(24));
  EXPECT_FALSE(value_of(store_->find_created(asked, ctx_)));
}

TEST_P(SessionStoreContract, IdempotencyKeysArePerUserAndGoWithTheirSession) {
  auto alice = new_session("alice"), bob = new_session("bob"), anew = new_session("alice");
  for (auto* params : {&alice, &bob, &anew}) {
    params->idempotency_key = "key";
    params->request_hash = params->row.user;
  }
  ASSERT_TRUE(succeeded(store_->create_session(alice, ctx_)));
  EXPECT_FALSE(value_of(store_->create_session(bob, ctx_)).replayed);
  ASSERT_TRUE(succeeded(store_->purge_session(alice.row.id, ctx_)));
  EXPECT_FALSE(value_of(store_->create_session(anew, ctx_)).replayed);
}

TEST_P(SessionStoreContract, SessionsWithoutKeyAreIndependent) {
  EXPECT_FALSE(value_of(store_->create_session(new_session("alice"), ctx_)).replayed);
  EXPECT_FALSE(value_of(store_->create_session(new_session("alice"), ctx_)).replayed);
}

TEST_P(SessionStoreContract, ListIsNewestFirstByPagesAndByUser) {
  std::vector<std::string> ids;
  for (int n = 0; n < 7; ++n) {
    ids.push_back(create(n % 2 == 0 ? "even" : "odd"));
    if (n != 3) clock_.advance(std::chrono::seconds(1));
  }
  const auto page = value_of(store_->list_sessions({std::nullopt, 3, 2}, ctx_));
  EXPECT_EQ(page.total, 7u);
  ASSERT_EQ(page.sessions.size(), 3u);
  EXPECT_EQ(page.sessions[0].id, ids[4]);
  EXPECT_EQ(page.sessions[1].id, ids[3]);
  EXPECT_EQ(page.sessions[2].id, ids[2]);
  const auto odd = value_of(store_->list_sessions({"odd", 20, 0}, ctx_));
  EXPECT_EQ(odd.total, 3u);
  ASSERT_EQ(odd.sessions.size(), 3u);
  EXPECT_EQ(odd.sessions[0].id, ids[5]);
  EXPECT_EQ(value_of(store_->list_sessions({"nobody", 20, 0}, ctx_)).total, 0u);
  EXPECT_TRUE(value_of(store_->list_sessions({std::nullopt, 20, 7}, ctx_)).sessions.empty());
}

TEST_P(SessionStoreContract, SessionsWithWorkArePendingAndWithoutLiveLease) {
  const auto idle = create(), leased = create(), waiting = create();
  RowPatch done;
  done.pending = false;
  const auto idle_lease = own(idle);
  ASSERT_TRUE(succeeded(store_->append_owner(by_owner(idle_lease, {}, done), ctx_)));
  ASSERT_TRUE(succeeded(store_->release_lease(idle_lease, ctx_)));
  const auto lease = own(leased);
  EXPECT_EQ(value_of(store_->sessions_with_work(10, ctx_)), std::vector<std::string>{waiting});
  clock_.advance(std::chrono::seconds(11));
  EXPECT_EQ(value_of(store_->sessions_with_work(10, ctx_)).size(), 2u);
  EXPECT_EQ(value_of(store_->sessions_with_work(1, ctx_)).size(), 1u);
  ASSERT_TRUE(succeeded(store_->renew_lease(lease, std::chrono::seconds(10), ctx_)));
  EXPECT_EQ(value_of(store_->sessions_with_work(10, ctx_)), std::vector<std::string>{waiting});
  ASSERT_TRUE(succeeded(store_->release_lease(lease, ctx_)));
  EXPECT_EQ(value_of(store_->sessions_with_work(10, ctx_)).size(), 2u);
  ASSERT_TRUE(succeeded(store_->post_inbox(by_anybody(idle, {events::user_prompt("more")}), ctx_)));
  EXPECT_EQ(value_of(store_->sessions_with_work(10, ctx_)).size(), 3u);
}

TEST_P(SessionStoreContract, ExpiryFollowsTheIdleDeadlineAndThenThePurgeTime) {
  auto params = new_session();
  params.row.expires_at = 1000;
  ASSERT_TRUE(succeeded(store_->create_session(params, ctx_)));
  create();  // without a deadline it never expires
  const auto expired = [&](UnixMillis now) { return value_of(store_->sessions_expired(now, 10, ctx_)).size(); };
  EXPECT_EQ(expired(999), 0u);
  EXPECT_EQ(expired(1000), 1u);
  RowPatch prompted;
  prompted.expires_at = 2000;
  ASSERT_TRUE(succeeded(store_->post_inbox(by_anybody(params.row.id, {events::user_prompt("p")}, prompted), ctx_)));
  EXPECT_EQ(expired(1999), 0u);
  EXPECT_EQ(expired(2000), 1u);
  RowPatch ended;
  ended.purge_at = 5000;
  ASSERT_TRUE(succeeded(store_->append_owner(by_owner(own(params.row.id), {}, ended), ctx_)));
  EXPECT_EQ(expired(4999), 0u);
  EXPECT_EQ(expired(5000), 1u);
  RowPatch relaunched;
  relaunched.purge_at = 0;
  relaunched.expires_at = 9000;
  ASSERT_TRUE(succeeded(store_->post_inbox(by_anybody(params.row.id, {events::user_prompt("p")}, relaunched), ctx_)));
  EXPECT_EQ(expired(8999), 0u);
  EXPECT_EQ(expired(9000), 1u);
}

// A store that gains nothing by it begins none.
TEST_P(SessionStoreContract, ALookThatIsBegunIsALook) {
  const auto id = create("alice");
  if (auto look = store_->begin_get_session(id)) {
    EXPECT_EQ(value_of(look->finish(ctx_)).user, "alice");
    (void)store_->begin_get_session(id);  // nobody finishes it
    auto unknown = store_->begin_get_session(new_id());
    ASSERT_TRUE(unknown);
    ASSERT_TRUE(succeeded(store_->purge_session(id, ctx_)));
    EXPECT_TRUE(failed_with(ErrorCode::not_found, unknown->finish(ctx_)));
    const auto after = store_->begin_get_session(id);
    ASSERT_TRUE(after);
    EXPECT_TRUE(failed_with(ErrorCode::not_found, after->finish(ctx_)));
  }
}

TEST_P(SessionStoreContract, PurgeLeavesNoTrace) {
  const auto id = create("alice"), other = create("alice");
  const auto lease = own(id);
  const auto blob = value_of(put_blob(*store_, id, "bytes", ctx_));
  ASSERT_TRUE(succeeded(store_->put_checkpoint(id, 2, {{"x", 1}}, ctx_)));
  ASSERT_EQ(value_of(store_->lease_port({"h", "vnc", 6080, 6080, id}, ctx_)), 6080);
  ASSERT_TRUE(succeeded(store_->purge_session(id, ctx_)));
  EXPECT_TRUE(failed_with(ErrorCode::not_found, store_->get_session(id, ctx_)));
  EXPECT_TRUE(failed_with(ErrorCode::not_found, store_->open_blob(id, blob, ctx_)));
  EXPECT_TRUE(failed_with(ErrorCode::not_found, store_->get_checkpoint(id, ctx_)));
  EXPECT_TRUE(failed_with(ErrorCode::not_found, store_->append_owner(by_owner(lease, {note("a")}), ctx_)));
  EXPECT_TRUE(failed_with(ErrorCode::not_found, store_->purge_session(id, ctx_)));
  EXPECT_EQ(value_of(store_->lease_port({"h", "vnc", 6080, 6080, other}, ctx_)), 6080);
  EXPECT_EQ(value_of(store_->sessions_with_work(10, ctx_)), std::vector<std::string>{other});
  const auto page = value_of(store_->list_sessions({"alice", 20, 0}, ctx_));
  EXPECT_EQ(page.total, 1u);
  ASSERT_EQ(page.sessions.size(), 1u);
  EXPECT_EQ(page.sessions[0].id, other);
}

TEST_P(SessionStoreContract, AnIdCanBeUsedAgainAfterItsPurge) {
  auto params = new_session();
  ASSERT_TRUE(succeeded(store_->create_session(params, ctx_)));
  for (int n = 0; n < 20; ++n) ASSERT_TRUE(succeeded(store_->post_inbox(by_anybody(params.row.id, {note("n")}), ctx_)));
  ASSERT_TRUE(succeeded(store_->purge_session(params.row.id, ctx_)));
  ASSERT_TRUE(succeeded(store_->create_session(params, ctx_)));
  EXPECT_EQ(read_all(params.row.id).size(), 2u);
}

TEST_P(SessionStoreContract, StoreHasAStableNameAndAnswersPing) {
  EXPECT_FALSE(store_->store_id().empty());
  EXPECT_EQ(store_->store_id(), store_->store_id());
  EXPECT_TRUE(succeeded(store_->ping(ctx_)));
}

TEST_P(SessionStoreContract, TotalsFollowSessionsAndFinishedTurns) {
  const auto first = new_session();
  const auto second = new_session();
  ASSERT_TRUE(succeeded(store_->create_session(first, ctx_)));
  ASSERT_TRUE(succeeded(store_->create_session(second, ctx_)));
  const auto lease = own(first.row.id);
  const auto end_turn = [&](TurnOutcome outcome, std::int64_t duration_ms) {
    auto event = events::turn_finished({outcome, 3, Usage{100, 20, 5, 0.5}, {}});
    event.internal = {{"duration_ms", duration_ms}};
    RowPatch patch;
    patch.status = SessionStatus::ready;
    auto params = by_owner(lease, {note("almost"), event}, patch);
    ASSERT_TRUE(succeeded(store_->append_owner(params, ctx_)));
    EXPECT_TRUE(value_of(store_->append_owner(params, ctx_)).replayed);
  };
  end_turn(TurnOutcome::completed, 1500);
  end_turn(TurnOutcome::completed, 500);
  end_turn(TurnOutcome::failed, 10);
  auto totals = value_of(store_->totals(ctx_));
  EXPECT_EQ(totals.all_sessions(), 2u);
  EXPECT_EQ(totals.sessions[SessionStatus::ready], 1u);
  EXPECT_EQ(totals.sessions[SessionStatus::initializing], 1u);
  EXPECT_EQ(totals.turns[TurnOutcome::completed], (TurnTotals{2, 6, 2000, Usage{200, 40, 10, 1.0}}));
  EXPECT_EQ(totals.all_turns(), (TurnTotals{3, 9, 2010, Usage{300, 60, 15, 1.5}}));
  EXPECT_EQ(row(first.row.id).turns, totals.all_turns());
  EXPECT_EQ(row(second.row.id).turns, TurnTotals{});

  RowPatch ended;
  ended.status = SessionStatus::terminated;
  ASSERT_TRUE(succeeded(store_->append_owner(by_owner(lease, {}, ended), ctx_)));
  EXPECT_EQ(value_of(store_->totals(ctx_)).sessions[SessionStatus::terminated], 1u);
  ASSERT_TRUE(succeeded(store_->purge_session(first.row.id, ctx_)));
  totals = value_of(store_->totals(ctx_));
  EXPECT_EQ(totals.all_sessions(), 1u);
  EXPECT_EQ(totals.sessions.count(SessionStatus::terminated), 0u);
  EXPECT_EQ(totals.all_turns().turns, 3) << "what was spent stays spent";
}

}  // namespace ottobot::testing
