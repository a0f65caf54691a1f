// Part of session_store_contract.hpp: owners, fencing, ports.
#pragma once

#include <atomic>
#include <set>
#include <thread>
#include <vector>

#include "ottobot/testing/session_store_contract.hpp"

namespace ottobot::testing {

TEST_P(SessionStoreContract, OneOwnerAtATimeWithRisingEpochs) {
  const auto id = create();
  const auto first = own(id, "w1");
  EXPECT_EQ(first.owner, "w1");
  EXPECT_TRUE(failed_with(ErrorCode::conflict, store_->acquire_lease({id, "w2", std::chrono::seconds(10)}, ctx_)));
  const auto again = own(id, "w1");
  EXPECT_GT(again.epoch, first.epoch);
  clock_.advance(std::chrono::seconds(10));
  const auto second = own(id, "w2");
  EXPECT_GT(second.epoch, again.epoch);
  EXPECT_TRUE(
      failed_with(ErrorCode::not_found, store_->acquire_lease({new_id(), "w1", std::chrono::seconds(10)}, ctx_)));
}

TEST_P(SessionStoreContract, AStaleOwnerIsFenced) {
  const auto id = create();
  const auto stale = own(id, "w1");
  clock_.advance(std::chrono::seconds(10));
  EXPECT_TRUE(succeeded(store_->append_owner(by_owner(stale, {note("ran out, but nobody else came")}), ctx_)));
  const auto fresh = own(id, "w2");
  RowPatch patch;
  patch.phase = "stale";
  EXPECT_TRUE(failed_with(ErrorCode::fenced, store_->append_owner(by_owner(stale, {note("no")}, patch), ctx_)));
  EXPECT_TRUE(failed_with(ErrorCode::fenced, store_->renew_lease(stale, std::chrono::seconds(10), ctx_)));
  EXPECT_TRUE(succeeded(store_->release_lease(stale, ctx_)));
  EXPECT_TRUE(succeeded(store_->append_owner(by_owner(fresh, {note("yes")}), ctx_)));
  EXPECT_EQ(row(id).last_seq, 4);
  EXPECT_NE(row(id).phase, "stale");
  auto future = fresh;
  ++future.epoch;
  EXPECT_TRUE(failed_with(ErrorCode::fenced, store_->append_owner(by_owner(future, {note("no")}), ctx_)));
}

TEST_P(SessionStoreContract, TheSameOwnersOlderLeaseIsFenced) {
  const auto id = create();
  const auto older = own(id, "w1");
  own(id, "w1");
  EXPECT_TRUE(failed_with(ErrorCode::fenced, store_->append_owner(by_owner(older, {note("no")}), ctx_)));
}

TEST_P(SessionStoreContract, RenewCountsFromNow) {
  const auto id = create();
  const auto lease = own(id, "w1");
  clock_.advance(std::chrono::seconds(9));
  ASSERT_TRUE(succeeded(store_->renew_lease(lease, std::chrono::seconds(10), ctx_)));
  clock_.advance(std::chrono::seconds(9));
  EXPECT_TRUE(failed_with(ErrorCode::conflict, store_->acquire_lease({id, "w2", std::chrono::seconds(10)}, ctx_)));
  clock_.advance(std::chrono::seconds(1));
  EXPECT_TRUE(succeeded(store_->acquire_lease({id, "w2", std::chrono::seconds(10)}, ctx_)));
}

TEST_P(SessionStoreContract, ReleasedLeaseIsFreeAndItsEpochFenced) {
  const auto id = create();
  const auto lease = own(id, "w1");
  ASSERT_TRUE(succeeded(store_->release_lease(lease, ctx_)));
  EXPECT_TRUE(succeeded(store_->release_lease(lease, ctx_)));
  EXPECT_TRUE(failed_with(ErrorCode::fenced, store_->append_owner(by_owner(lease, {note("no")}), ctx_)));
  EXPECT_TRUE(failed_with(ErrorCode::fenced, store_->renew_lease(lease, std::chrono::seconds(10), ctx_)));
  EXPECT_GT(own(id, "w2").epoch, lease.epoch);
}

TEST_P(SessionStoreContract, OfManyWhoAcquireOneGetsTheLease) {
  const auto id = create();
  std::atomic<int> owners = 0;
  {
    std::vector<std::jthread> threads;
    for (int n = 0; n < 4; ++n) {
      threads.emplace_back([&, n] {
        if (store_->acquire_lease({id, "w" + std::to_string(n), std::chrono::seconds(10)}, ctx_)) ++owners;
      });
    }
  }
  EXPECT_EQ(owners, 1);
}

TEST_P(SessionStoreContract, PortsAreLeasedOnceAndRunOut) {
  std::set<int> ports;
  for (int n = 0; n < 4; ++n) {
    ports.insert(value_of(store_->lease_port({"h", "vnc", 6080, 6083, n < 2 ? "a" : "b"}, ctx_)));
  }
  EXPECT_EQ(ports, (std::set<int>{6080, 6081, 6082, 6083}));
  EXPECT_TRUE(failed_with(ErrorCode::resource_exhausted, store_->lease_port({"h", "vnc", 6080, 6083, "c"}, ctx_)));
  EXPECT_TRUE(succeeded(store_->lease_port({"h", "mcp", 6080, 6083, "c"}, ctx_)));
  EXPECT_TRUE(succeeded(store_->lease_port({"other", "vnc", 6080, 6083, "c"}, ctx_)));
  ASSERT_TRUE(succeeded(store_->release_ports("a", ctx_)));
  ASSERT_TRUE(succeeded(store_->release_ports("a", ctx_)));
  EXPECT_TRUE(succeeded(store_->lease_port({"h", "vnc", 6080, 6083, "c"}, ctx_)));
  EXPECT_TRUE(succeeded(store_->lease_port({"h", "vnc", 6080, 6083, "c"}, ctx_)));
  EXPECT_TRUE(failed_with(ErrorCode::resource_exhausted, store_->lease_port({"h", "vnc", 6080, 6083, "c"}, ctx_)));
}

TEST_P(SessionStoreContract, TellsWhoHoldsPortsOfAHost) {
  EXPECT_TRUE(value_of(store_->port_holders("h", ctx_)).empty());
  for (const char* pool : {"vnc", "mcp"}) ASSERT_TRUE(succeeded(store_->lease_port({"h", pool, 1, 9, "a"}, ctx_)));
  ASSERT_TRUE(succeeded(store_->lease_port({"h", "vnc", 1, 9, "b"}, ctx_)));
  ASSERT_TRUE(succeeded(store_->lease_port({"other", "vnc", 1, 9, "c"}, ctx_)));
  const auto holders = value_of(store_->port_holders("h", ctx_));
  EXPECT_EQ(holders.size(), 2u);
  EXPECT_EQ(std::set<std::string>(holders.begin(), holders.end()), (std::set<std::string>{"a", "b"}));
  ASSERT_TRUE(succeeded(store_->release_ports("a", ctx_)));
  EXPECT_EQ(value_of(store_->port_holders("h", ctx_)), std::vector<std::string>{"b"});
}

TEST_P(SessionStoreContract, PortRangesMayChange) {
  ASSERT_EQ(value_of(store_->lease_port({"h", "vnc", 6080, 6080, "a"}, ctx_)), 6080);
  EXPECT_EQ(value_of(store_->lease_port({"h", "vnc", 6080, 6081, "b"}, ctx_)), 6081);
  ASSERT_TRUE(succeeded(store_->release_ports("a", ctx_)));
  EXPECT_EQ(value_of(store_->lease_port({"h", "vnc", 6081, 6082, "c"}, ctx_)), 6082);
  EXPECT_TRUE(failed_with(ErrorCode::resource_exhausted, store_->lease_port({"h", "vnc", 6081, 6082, "d"}, ctx_)));
  EXPECT_EQ(value_of(store_->lease_port({"h", "vnc", 6080, 6082, "d"}, ctx_)), 6080);
}

}  // namespace ottobot::testing
