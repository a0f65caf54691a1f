// A SessionStore at the other end of a wire.
#pragma once

#include "ottobot/session_store.hpp"
#include "simulation/ledger.hpp"
#include "simulation/wire.hpp"

namespace ottobot::simulation {

class RemoteStore final : public SessionStore {
 public:
  // `store` and `ledger`, which is told of what the store does, are borrowed and outlive whatever is under way.
  RemoteStore(SessionStore& store, Ledger& ledger, Wire wire)
      : store_(store), ledger_(ledger), wire_(std::move(wire)) {}

  Result<CreateSessionResult> create_session(const CreateSessionParams& params, const CallContext& ctx) override;
  Result<std::optional<SessionRow>> find_created(const FindCreatedParams& params, const CallContext& ctx) override;
  Result<SessionRow> get_session(const std::string& session_id, const CallContext& ctx) override;
  Result<SessionPage> list_sessions(const ListSessionsParams& params, const CallContext& ctx) override;
  Result<StoreTotals> totals(const CallContext& ctx) override;
  Result<std::vector<std::string>> sessions_with_work(std::size_t limit, const CallContext& ctx) override;
  Result<std::vector<std::string>> sessions_expired(UnixMillis now, std::size_t limit, const CallContext& ctx) override;
  Result<void> purge_session(const std::string& session_id, const CallContext& ctx) override;
  Result<AppendResult> append_owner(const AppendOwnerParams& params, const CallContext& ctx) override;
  Result<AppendResult> post_inbox(const AppendParams& params, const CallContext& ctx) override;
  Result<std::vector<Event>> read(const ReadParams& params, const CallContext& ctx) override;
  // What is announced comes late, or not at all.
  Result<std::unique_ptr<Subscription>> subscribe(const std::string& session_id, SessionSink& sink) override;
  Result<void> publish(const std::string& session_id, const Json& message, const CallContext& ctx) override;
  Result<Lease> acquire_lease(const AcquireLeaseParams& params, const CallContext& ctx) override;
  Result<void> renew_lease(const Lease& lease, std::chrono::milliseconds ttl, const CallContext& ctx) override;
  Result<void> release_lease(const Lease& lease, const CallContext& ctx) override;
  Result<std::unique_ptr<BlobWriter>> create_blob(const std::string& session_id, const CallContext& ctx) override;
  Result<std::unique_ptr<BlobReader>> open_blob(const std::string& session_id, const std::string& blob_id,
                                                const CallContext& ctx) override;
  Result<void> remove_blob(const Lease& lease, const std::string& blob_id, const CallContext& ctx) override;
  Result<void> put_checkpoint(const std::string& session_id, Seq seq, const Json& state,
                              const CallContext& ctx) override;
  Result<std::optional<Json>> get_checkpoint(const std::string& session_id, const CallContext& ctx) override;
  Result<int> lease_port(const LeasePortParams& params, const CallContext& ctx) override;
  Result<void> release_ports(const std::string& session_id, const CallContext& ctx) override;
  Result<std::vector<std::string>> port_holders(const std::string& host_id, const CallContext& ctx) override;
  std::string store_id() const override { return store_.store_id(); }
  Result<void> ping(const CallContext& ctx) override;

 private:
  SessionStore& store_;
  Ledger& ledger_;
  Wire wire_;
};

}  // namespace ottobot::simulation
