// A SessionStore that fails when it is told to: for testing what callers do
// about it.
//
//   FaultySessionStore store(*make_memory_store());
//   store.inject({.error = unavailable("injected").value(), .skip = 2, .applied
//   = true});
//
// The third call then fails although it was carried out, as when the answer of
// a remote store is lost. Thread-safe. subscribe() and store_id() never fail.
#pragma once

#include <mutex>
#include <optional>
#include <string>

#include "ottobot/session_store.hpp"

namespace ottobot::testing {

struct Fault {
  Error error = {};
  std::size_t skip = 0;     // calls that still succeed
  std::size_t count = 1;    // calls that fail after them
  bool applied = false;     // they fail after they took effect: the outcome is
                            // ambiguous to the caller
  std::string method = {};  // counts and fails only calls of this name
                            // ("append_owner"); empty = any
};

class FaultySessionStore final : public SessionStore {
 public:
  // `store` is borrowed.
  explicit FaultySessionStore(SessionStore& store) : store_(store) {}

  // Replaces the fault before.
  void inject(Fault fault) {
    std::lock_guard lock(mutex_);
    fault_ = std::move(fault);
  }
  void heal() {
    std::lock_guard lock(mutex_);
    fault_.reset();
  }

  Result<CreateSessionResult> create_session(const CreateSessionParams& params, const CallContext& ctx) override {
    return call("create_session", [&] { return store_.create_session(params, ctx); });
  }
  Result<std::optional<SessionRow>> find_created(const FindCreatedParams& params, const CallContext& ctx) override {
    return call("find_created", [&] { return store_.find_created(params, ctx); });
  }
  Result<SessionRow> get_session(const std::string& session_id, const CallContext& ctx) override {
    return call("get_session", [&] { return store_.get_session(session_id, ctx); });
  }
  Result<SessionPage> list_sessions(const ListSessionsParams& params, const CallContext& ctx) override {
    return call("list_sessions", [&] { return store_.list_sessions(params, ctx); });
  }
  Result<StoreTotals> totals(const CallContext& ctx) override {
    return call("totals", [&] { return store_.totals(ctx); });
  }
  Result<std::vector<std::string>> sessions_with_work(std::size_t limit, const CallContext& ctx) override {
    return call("sessions_with_work", [&] { return store_.sessions_with_work(limit, ctx); });
  }
  Result<std::vector<std::string>> sessions_expired(UnixMillis now, std::size_t limit,
                                                    const CallContext& ctx) override {
    return call("sessions_expired", [&] { return store_.sessions_expired(now, limit, ctx); });
  }
  Result<void> purge_session(const std::string& session_id, const CallContext& ctx) override {
    return call("purge_session", [&] { return store_.purge_session(session_id, ctx); });
  }
  Result<AppendResult> append_owner(const AppendOwnerParams& params, const CallContext& ctx) override {
    return call("append_owner", [&] { return store_.append_owner(params, ctx); });
  }
  Result<AppendResult> post_inbox(const AppendParams& params, const CallContext& ctx) override {
    return call("post_inbox", [&] { return store_.post_inbox(params, ctx); });
  }
  Result<std::vector<Event>> read(const ReadParams& params, const CallContext& ctx) override {
    return call("read", [&] { return store_.read(params, ctx); });
  }
  Result<std::unique_ptr<Subscription>> subscribe(const std::string& session_id, SessionSink& sink) override {
    return store_.subscribe(session_id, sink);
  }
  Result<void> publish(const std::string& session_id, const Json& message, const CallContext& ctx) override {
    return call("publish", [&] { return store_.publish(session_id, message, ctx); });
  }
  Result<Lease> acquire_lease(const AcquireLeaseParams& params, const CallContext& ctx) override {
    return call("acquire_lease", [&] { return store_.acquire_lease(params, ctx); });
  }
  Result<void> renew_lease(const Lease& lease, std::chrono::milliseconds ttl, const CallContext& ctx) override {
    return call("renew_lease", [&] { return store_.renew_lease(lease, ttl, ctx); });
  }
  Result<void> release_lease(const Lease& lease, const CallContext& ctx) override {
    return call("release_lease", [&] { return store_.release_lease(lease, ctx); });
  }
  Result<std::unique_ptr<BlobWriter>> create_blob(const std::string& session_id, const CallContext& ctx) override {
    return call("create_blob", [&] { return store_.create_blob(session_id, ctx); });
  }
  Result<std::unique_ptr<BlobReader>> open_blob(const std::string& session_id, const std::string& blob_id,
                                                const CallContext& ctx) override {
    return call("open_blob", [&] { return store_.open_blob(session_id, blob_id, ctx); });
  }
  Result<void> remove_blob(const Lease& lease, const std::string& blob_id, const CallContext& ctx) override {
    return call("remove_blob", [&] { return store_.remove_blob(lease, blob_id, ctx); });
  }
  Result<void> put_checkpoint(const std::string& session_id, Seq seq, const Json& state,
                              const CallContext& ctx) override {
    return call("put_checkpoint", [&] { return store_.put_checkpoint(session_id, seq, state, ctx); });
  }
  Result<std::optional<Json>> get_checkpoint(const std::string& session_id, const CallContext& ctx) override {
    return call("get_checkpoint", [&] { return store_.get_checkpoint(session_id, ctx); });
  }
  Result<int> lease_port(const LeasePortParams& params, const CallContext& ctx) override {
    return call("lease_port", [&] { return store_.lease_port(params, ctx); });
  }
  Result<void> release_ports(const std::string& session_id, const CallContext& ctx) override {
    return call("release_ports", [&] { return store_.release_ports(session_id, ctx); });
  }
  Result<std::vector<std::string>> port_holders(const std::string& host_id, const CallContext& ctx) override {
    return call("port_holders", [&] { return store_.port_holders(host_id, ctx); });
  }
  std::string store_id() const override { return store_.store_id(); }
  Result<void> ping(const CallContext& ctx) override {
    return call("ping", [&] { return store_.ping(ctx); });
  }

 private:
  template <class Body>
  std::invoke_result_t<Body> call(std::string_view method, const Body& body) {
    const auto fault = due_fault(method);
    if (!fault) return body();
    if (fault->applied) {
      if (auto result = body(); !result) return result;
    }
    return fail(fault->error);
  }

  std::optional<Fault> due_fault(std::string_view method) {
    std::lock_guard lock(mutex_);
    if (!fault_ || (!fault_->method.empty() && fault_->method != method)) return std::nullopt;
    if (fault_->skip > 0) {
      --fault_->skip;
      return std::nullopt;
    }
    if (fault_->count == 0) return std::nullopt;
    --fault_->count;
    return fault_;
  }

  SessionStore& store_;
  std::mutex mutex_;  // guards fault_
  std::optional<Fault> fault_;
};

}  // namespace ottobot::testing
