// Part of session_store_contract.hpp: appends and reads.
#pragma once

#include <set>
#include <thread>
#include <vector>

#include "ottobot/testing/session_store_contract.hpp"

namespace ottobot::testing {

TEST_P(SessionStoreContract, AppendCountsSeqsFromOneWithoutGaps) {
  const auto id = create();
  const auto lease = own(id);
  const auto appended = value_of(store_->append_owner(by_owner(lease, {note("a"), note("b")}), ctx_));
  EXPECT_EQ(appended.seqs, (std::vector<Seq>{3, 4}));
  EXPECT_EQ(appended.last_seq, 4);
  EXPECT_FALSE(appended.replayed);
  EXPECT_EQ(row(id).last_seq, 4);
  const auto log = read_all(id);
  ASSERT_EQ(log.size(), 4u);
  for (std::size_t n = 0; n < log.size(); ++n) EXPECT_EQ(log[n].seq, static_cast<Seq>(n + 1));
}

TEST_P(SessionStoreContract, ReadReturnsWhatWasAppended) {
  const auto id = create();
  auto event = note("text with \"quotes\", \xC3\xA9, \xF0\x9F\x98\x80 and \x01");
  event.data["nested"] = {{"list", {1, 2.5, nullptr, true}}, {"empty", Json::object()}};
  event.internal = {{"boot_id", "b1"}};
  auto bare = note("no internal part");
  ASSERT_TRUE(succeeded(store_->append_owner(by_owner(own(id), {event, bare}), ctx_)));
  const auto log = read_all(id);
  ASSERT_EQ(log.size(), 4u);
  EXPECT_EQ(log[2].id, event.id);
  EXPECT_EQ(log[2].type, event.type);
  EXPECT_EQ(log[2].data, event.data);
  EXPECT_EQ(log[2].internal, event.internal);
  EXPECT_TRUE(log[3].internal.is_null());
  EXPECT_EQ(log[2].timestamp, clock_.now_ms());
}

TEST_P(SessionStoreContract, ReadPagesByLimitAndByBytes) {
  const auto id = create();
  const auto lease = own(id);
  for (int n = 0; n < 8; ++n) ASSERT_TRUE(succeeded(store_->append_owner(by_owner(lease, {note("n")}), ctx_)));
  ReadParams params;
  params.session_id = id;
  params.after = 2;
  params.limit = 3;
  const auto page = value_of(store_->read(params, ctx_));
  ASSERT_EQ(page.size(), 3u);
  EXPECT_EQ(page.front().seq, 3);
  params.max_bytes = 1;
  EXPECT_EQ(value_of(store_->read(params, ctx_)).size(), 1u);
  params.after = 10;
  EXPECT_TRUE(value_of(store_->read(params, ctx_)).empty());
  params.after = 1'000'000'000'000;
  EXPECT_TRUE(value_of(store_->read(params, ctx_)).empty());
}

TEST_P(SessionStoreContract, AppendWritesThePatchWithTheEvents) {
  const auto id = create();
  RowPatch patch;
  patch.status = SessionStatus::running;
  patch.phase = "ready";
  patch.expires_at = 5;
  patch.purge_at = 6;
  patch.usage = Usage{1, 2, 3, 0.25};
  patch.error = "none";
  patch.host_id = "host";
  patch.worker_id = "worker";
  patch.archive_blob = "abc";
  patch.snapshot_blob = "def";
  patch.snapshot_due = true;
  patch.restoring = true;
  patch.vnc_port = 6080;
  patch.mcp_port = 8080;
  patch.pending = false;
  ASSERT_TRUE(succeeded(store_->append_owner(by_owner(own(id), {note("a")}, patch), ctx_)));
  const auto now = row(id);
  EXPECT_EQ(now.status, SessionStatus::running);
  EXPECT_EQ(now.phase, "ready");
  EXPECT_EQ(now.expires_at, 5);
  EXPECT_EQ(now.purge_at, 6);
  EXPECT_EQ(now.usage, (Usage{1, 2, 3, 0.25}));
  EXPECT_EQ(now.error, "none");
  EXPECT_EQ(now.host_id, "host");
  EXPECT_EQ(now.worker_id, "worker");
  EXPECT_EQ(now.archive_blob, "abc");
  EXPECT_EQ(now.snapshot_blob, "def");
  EXPECT_TRUE(now.snapshot_due);
  EXPECT_TRUE(now.restoring);
  EXPECT_EQ(now.vnc_port, 6080);
  EXPECT_EQ(now.mcp_port, 8080);
  EXPECT_FALSE(now.pending);
  EXPECT_EQ(now.initial_prompt, "make it so");
}

TEST_P(SessionStoreContract, AppendWithoutEventsPatchesTheRowAlone) {
  const auto id = create();
  const auto lease = own(id);
  RowPatch patch;
  patch.phase = "ready";
  const auto appended = value_of(store_->append_owner(by_owner(lease, {}, patch), ctx_));
  EXPECT_TRUE(appended.seqs.empty());
  EXPECT_EQ(appended.last_seq, 2);
  EXPECT_FALSE(appended.replayed);
  EXPECT_EQ(row(id).phase, "ready");
  RowPatch other;
  other.error = "e";
  ASSERT_TRUE(succeeded(store_->append_owner(by_owner(lease, {}, other), ctx_)));
  EXPECT_EQ(row(id).phase, "ready");
  EXPECT_EQ(row(id).error, "e");
}

// A caller that does not know the outcome repeats the append as it was.
TEST_P(SessionStoreContract, RepeatedAppendWritesNothingAndReturnsTheOldSeqs) {
  const auto id = create();
  const auto lease = own(id);
  RowPatch first;
  first.phase = "first";
  auto params = by_owner(lease, {note("a"), note("b")}, first);
  params.if_last_seq = 2;
  const auto once = value_of(store_->append_owner(params, ctx_));
  RowPatch second;
  second.phase = "second";
  ASSERT_TRUE(succeeded(store_->append_owner(by_owner(lease, {note("c")}, second), ctx_)));
  clock_.advance(std::chrono::seconds(5));
  const auto again = value_of(store_->append_owner(params, ctx_));
  EXPECT_TRUE(again.replayed);
  EXPECT_EQ(again.seqs, once.seqs);
  EXPECT_EQ(again.timestamp, once.timestamp);
  EXPECT_EQ(again.last_seq, 5);
  EXPECT_EQ(read_all(id).size(), 5u);
  EXPECT_EQ(row(id).phase, "second");
}

TEST_P(SessionStoreContract, RepeatedInboxPostReturnsTheOldSeq) {
  const auto id = create();
  const auto prompt = by_anybody(id, {events::user_prompt("more")});
  const auto once = value_of(store_->post_inbox(prompt, ctx_));
  RowPatch done;
  done.pending = false;
  ASSERT_TRUE(succeeded(store_->append_owner(by_owner(own(id), {}, done), ctx_)));
  const auto again = value_of(store_->post_inbox(prompt, ctx_));
  EXPECT_TRUE(again.replayed);
  EXPECT_EQ(again.seqs, once.seqs);
  EXPECT_FALSE(row(id).pending);
}

TEST_P(SessionStoreContract, AppendOfKnownAndNewIdsIsConflict) {
  const auto id = create();
  const auto lease = own(id);
  const auto known = note("known");
  ASSERT_TRUE(succeeded(store_->append_owner(by_owner(lease, {known}), ctx_)));
  RowPatch patch;
  patch.phase = "changed";
  EXPECT_TRUE(
      failed_with(ErrorCode::conflict, store_->append_owner(by_owner(lease, {known, note("new")}, patch), ctx_)));
  EXPECT_TRUE(
      failed_with(ErrorCode::conflict, store_->append_owner(by_owner(lease, {note("new"), known}, patch), ctx_)));
  EXPECT_EQ(read_all(id).size(), 3u);
  EXPECT_NE(row(id).phase, "changed");
}

TEST_P(SessionStoreContract, EventIdsAreUniquePerSessionOnly) {
  const auto event = events::user_prompt("same id");
  const auto first = create(), second = create();
  EXPECT_FALSE(value_of(store_->post_inbox(by_anybody(first, {event}), ctx_)).replayed);
  EXPECT_FALSE(value_of(store_->post_inbox(by_anybody(second, {event}), ctx_)).replayed);
}

TEST_P(SessionStoreContract, AppendRefusesBadBatches) {
  const auto id = create();
  const auto lease = own(id);
  auto nameless = note("x");
  nameless.id.clear();
  const auto twice = note("twice");
  EXPECT_TRUE(failed_with(ErrorCode::invalid_argument, store_->append_owner(by_owner(lease, {nameless}), ctx_)));
  EXPECT_TRUE(failed_with(ErrorCode::invalid_argument, store_->append_owner(by_owner(lease, {twice, twice}), ctx_)));
  EXPECT_EQ(read_all(id).size(), 2u);
}

TEST_P(SessionStoreContract, AppendComparesTheLastSeq) {
  const auto id = create();
  const auto lease = own(id);
  auto params = by_owner(lease, {note("a")});
  params.if_last_seq = 1;
  EXPECT_TRUE(failed_with(ErrorCode::conflict, store_->append_owner(params, ctx_)));
  params.if_last_seq = 2;
  EXPECT_TRUE(succeeded(store_->append_owner(params, ctx_)));
  ASSERT_TRUE(succeeded(store_->post_inbox(by_anybody(id, {events::user_prompt("meanwhile")}), ctx_)));
  RowPatch done;
  done.pending = false;
  auto finish = by_owner(lease, {}, done);
  finish.if_last_seq = 3;
  EXPECT_TRUE(failed_with(ErrorCode::conflict, store_->append_owner(finish, ctx_)));
  EXPECT_TRUE(row(id).pending);
}

TEST_P(SessionStoreContract, InboxTakesOnlyInboxEventsAndMarksPending) {
  const auto id = create();
  RowPatch done;
  done.pending = false;
  ASSERT_TRUE(succeeded(store_->append_owner(by_owner(own(id), {}, done), ctx_)));
  EXPECT_TRUE(failed_with(ErrorCode::invalid_argument,
                          store_->post_inbox(by_anybody(id, {events::agent_thinking("no")}), ctx_)));
  EXPECT_FALSE(row(id).pending);
  ASSERT_TRUE(succeeded(store_->post_inbox(by_anybody(id, {note("quiet")}, done), ctx_)));
  EXPECT_FALSE(row(id).pending);
  for (const auto& event : {events::user_prompt("p"), events::stop_requested("u"), events::delete_requested("u")}) {
    ASSERT_TRUE(succeeded(store_->post_inbox(by_anybody(id, {event}), ctx_)));
  }
  EXPECT_TRUE(row(id).pending);
  EXPECT_EQ(row(id).last_seq, 6);
}

TEST_P(SessionStoreContract, TimestampsNeverDecrease) {
  const auto id = create();
  const auto lease = own(id);
  UnixMillis last = 0;
  for (int n = 0; n < 5; ++n) {
    clock_.advance(std::chrono::milliseconds(n));
    const auto appended = value_of(store_->append_owner(by_owner(lease, {note("n")}), ctx_));
    EXPECT_EQ(appended.timestamp, clock_.now_ms());
    EXPECT_EQ(read_all(id).back().timestamp, appended.timestamp);
    EXPECT_GE(appended.timestamp, last);
    last = appended.timestamp;
  }
}

TEST_P(SessionStoreContract, UnknownSessionIsNotFound) {
  const std::string id = new_id();
  EXPECT_TRUE(failed_with(ErrorCode::not_found, store_->append_owner(by_owner({id, "w", 1}, {note("a")}), ctx_)));
  EXPECT_TRUE(failed_with(ErrorCode::not_found, store_->post_inbox(by_anybody(id, {note("a")}), ctx_)));
  ReadParams params;
  params.session_id = id;
  EXPECT_TRUE(failed_with(ErrorCode::not_found, store_->read(params, ctx_)));
}

TEST_P(SessionStoreContract, ConcurrentAppendsToOneSessionMakeOneGaplessLog) {
  constexpr int kThreads = 4, kEach = 25;
  const auto id = create();
  std::vector<std::vector<Seq>> seqs(kThreads);
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < kThreads; ++t) {
      threads.emplace_back([&, t] {
        for (int n = 0; n < kEach; ++n) {
          const auto posted = store_->post_inbox(by_anybody(id, {note("x"), note("y")}), ctx_);
          if (posted)
            seqs[static_cast<std::size_t>(t)].insert(seqs[static_cast<std::size_t>(t)].end(), posted->seqs.begin(),
                                                     posted->seqs.end());
        }
      });
    }
  }
  std::set<Seq> all;
  for (const auto& each : seqs) {
    EXPECT_TRUE(std::is_sorted(each.begin(), each.end()));
    all.insert(each.begin(), each.end());
  }
  EXPECT_EQ(all.size(), 2u * kThreads * kEach);
  EXPECT_EQ(*all.rbegin(), 2 + 2 * kThreads * kEach);
  EXPECT_EQ(read_all(id).size(), 2u + 2u * kThreads * kEach);
}

TEST_P(SessionStoreContract, EndedContextWritesNothing) {
  const auto id = create();
  const auto late = with_timeout(std::chrono::milliseconds(0));
  EXPECT_TRUE(failed_with(ErrorCode::deadline_exceeded, store_->post_inbox(by_anybody(id, {note("a")}), late)));
  std::stop_source source;
  source.request_stop();
  EXPECT_TRUE(failed_with(ErrorCode::cancelled,
                          store_->post_inbox(by_anybody(id, {note("a")}), ctx_.with_stop(source.get_token()))));
  EXPECT_EQ(read_all(id).size(), 2u);
}

}  // namespace ottobot::testing
