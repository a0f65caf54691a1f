#include "simulation/remote_store.hpp"

namespace ottobot::simulation {
namespace {

// A subscriber at the other end: what is announced to it is under way for a while.
class RemoteSubscription final : public Subscription, private SessionSink {
 public:
  RemoteSubscription(Wire wire, SessionSink& sink)
      : wire_(std::move(wire)), far_(std::make_shared<SessionSink*>(&sink)) {}
  ~RemoteSubscription() override {
    near_.reset();
    *far_ = nullptr;
  }
  Result<void> open(SessionStore& store, const std::string& session_id) {
    auto opened = store.subscribe(session_id, *this);
    if (!opened) return fail(opened.error());
    near_ = std::move(*opened);
    return {};
  }

 private:
  void on_events(Seq last_seq) noexcept override {
    deliver([last_seq](SessionSink& sink) { sink.on_events(last_seq); });
  }
  void on_ephemeral(const Json& message) noexcept override {
    deliver([message](SessionSink& sink) { sink.on_ephemeral(message); });
  }
  void deliver(std::function<void(SessionSink&)> call) {
    if (wire_.draw_loss()) return;
    // Handed over by a thread of the process, so that one that stands still hears nothing.
    Scheduler& scheduler = wire_.scheduler();
    scheduler.after(wire_.draw_delay(), [&scheduler, process = wire_.process(), far = far_, call = std::move(call)] {
      scheduler.detach(scheduler.spawn(process, [far, call] {
        if (*far != nullptr) call(**far);
      }));
    });
  }

  const Wire wire_;
  const std::shared_ptr<SessionSink*> far_;
  std::unique_ptr<Subscription> near_;
};

}  // namespace

Result<CreateSessionResult> RemoteStore::create_session(const CreateSessionParams& params, const CallContext& ctx) {
  return wire_.call("create_session", ctx, [&store = store_, &ledger = ledger_, params](const CallContext&) {
    auto created = store.create_session(params, {});
    if (created) ledger.created(params, *created);
    return created;
  });
}

Result<std::optional<SessionRow>> RemoteStore::find_created(const FindCreatedParams& params, const CallContext& ctx) {
  return wire_.call("find_created", ctx,
                    [&store = store_, params](const CallContext&) { return store.find_created(params, {}); });
}

Result<SessionRow> RemoteStore::get_session(const std::string& session_id, const CallContext& ctx) {
  return wire_.call("get_session", ctx,
                    [&store = store_, session_id](const CallContext&) { return store.get_session(session_id, {}); });
}

Result<SessionPage> RemoteStore::list_sessions(const ListSessionsParams& params, const CallContext& ctx) {
  return wire_.call("list_sessions", ctx,
                    [&store = store_, params](const CallContext&) { return store.list_sessions(params, {}); });
}

Result<StoreTotals> RemoteStore::totals(const CallContext& ctx) {
  return wire_.call("totals", ctx, [&store = store_](const CallContext&) { return store.totals({}); });
}

Result<std::vector<std::string>> RemoteStore::sessions_with_work(std::size_t limit, const CallContext& ctx) {
  return wire_.call("sessions_with_work", ctx,
                    [&store = store_, limit](const CallContext&) { return store.sessions_with_work(limit, {}); });
}

Result<std::vector<std::string>> RemoteStore::sessions_expired(UnixMillis now, std::size_t limit,
                                                               const CallContext& ctx) {
  return wire_.call("sessions_expired", ctx, [&store = store_, now, limit](const CallContext&) {
    return store.sessions_expired(now, limit, {});
  });
}

Result<void> RemoteStore::purge_session(const std::string& session_id, const CallContext& ctx) {
  return wire_.call("purge_session " + session_id, ctx,
                    [&store = store_, &ledger = ledger_, session_id](const CallContext&) {
                      auto purged = store.purge_session(session_id, {});
                      if (purged) ledger.purged(session_id);
                      return purged;
                    });
}

Result<AppendResult> RemoteStore::append_owner(const AppendOwnerParams& params, const CallContext& ctx) {
  std::string what = "append_owner " + params.session_id + " under " + std::to_string(params.epoch);
  for (const NewEvent& event : params.events) what += " " + std::string(to_string(event.type));
  return wire_.call(what, ctx, [&store = store_, &ledger = ledger_, params](const CallContext&) {
    auto appended = store.append_owner(params, {});
    if (appended) ledger.appended_by_owner(params, *appended);
    return appended;
  });
}

Result<AppendResult> RemoteStore::post_inbox(const AppendParams& params, const CallContext& ctx) {
  std::string what = "post_inbox " + params.session_id;
  for (const NewEvent& event : params.events) what += " " + std::string(to_string(event.type));
  return wire_.call(what, ctx, [&store = store_, &ledger = ledger_, params](const CallContext&) {
    auto appended = store.post_inbox(params, {});
    if (appended) ledger.appended(params, *appended);
    return appended;
  });
}

Result<std::vector<Event>> RemoteStore::read(const ReadParams& params, const CallContext& ctx) {
  return wire_.call("read", ctx, [&store = store_, params](const CallContext&) { return store.read(params, {}); });
}

Result<std::unique_ptr<Subscription>> RemoteStore::subscribe(const std::string& session_id, SessionSink& sink) {
  auto subscription = std::make_unique<RemoteSubscription>(wire_, sink);
  if (auto opened = subscription->open(store_, session_id); !opened) return fail(opened.error());
  return subscription;
}

Result<void> RemoteStore::publish(const std::string& session_id, const Json& message, const CallContext& ctx) {
  return wire_.call("publish", ctx, [&store = store_, session_id, message](const CallContext&) {
    return store.publish(session_id, message, {});
  });
}

Result<Lease> RemoteStore::acquire_lease(const AcquireLeaseParams& params, const CallContext& ctx) {
  return wire_.call("acquire_lease " + params.session_id, ctx,
                    [&store = store_, &ledger = ledger_, params](const CallContext&) {
                      auto lease = store.acquire_lease(params, {});
                      if (lease) ledger.granted(*lease, params.ttl);
                      return lease;
                    });
}

Result<void> RemoteStore::renew_lease(const Lease& lease, std::chrono::milliseconds ttl, const CallContext& ctx) {
  return wire_.call("renew_lease " + lease.session_id + " under " + std::to_string(lease.epoch), ctx,
                    [&store = store_, &ledger = ledger_, lease, ttl](const CallContext&) {
                      auto renewed = store.renew_lease(lease, ttl, {});
                      if (renewed) ledger.renewed(lease, ttl);
                      return renewed;
                    });
}

Result<void> RemoteStore::release_lease(const Lease& lease, const CallContext& ctx) {
  return wire_.call("release_lease " + lease.session_id + " under " + std::to_string(lease.epoch), ctx,
                    [&store = store_, &ledger = ledger_, lease](const CallContext&) {
                      auto released = store.release_lease(lease, {});
                      if (released) ledger.released(lease);
                      return released;
                    });
}

Result<std::unique_ptr<BlobWriter>> RemoteStore::create_blob(const std::string& session_id, const CallContext& ctx) {
  return wire_.call("create_blob", ctx,
                    [&store = store_, session_id](const CallContext&) { return store.create_blob(session_id, {}); });
}

Result<std::unique_ptr<BlobReader>> RemoteStore::open_blob(const std::string& session_id, const std::string& blob_id,
                                                           const CallContext& ctx) {
  return wire_.call("open_blob", ctx, [&store = store_, session_id, blob_id](const CallContext&) {
    return store.open_blob(session_id, blob_id, {});
  });
}

Result<void> RemoteStore::remove_blob(const Lease& lease, const std::string& blob_id, const CallContext& ctx) {
  return wire_.call("remove_blob", ctx, [&store = store_, lease, blob_id](const CallContext&) {
    return store.remove_blob(lease, blob_id, {});
  });
}

Result<void> RemoteStore::put_checkpoint(const std::string& session_id, Seq seq, const Json& state,
                                         const CallContext& ctx) {
  return wire_.call("put_checkpoint", ctx, [&store = store_, session_id, seq, state](const CallContext&) {
    return store.put_checkpoint(session_id, seq, state, {});
  });
}

Result<std::optional<Json>> RemoteStore::get_checkpoint(const std::string& session_id, const CallContext& ctx) {
  return wire_.call("get_checkpoint", ctx,
                    [&store = store_, session_id](const CallContext&) { return store.get_checkpoint(session_id, {}); });
}

Result<int> RemoteStore::lease_port(const LeasePortParams& params, const CallContext& ctx) {
  return wire_.call("lease_port", ctx,
                    [&store = store_, params](const CallContext&) { return store.lease_port(params, {}); });
}

Result<void> RemoteStore::release_ports(const std::string& session_id, const CallContext& ctx) {
  return wire_.call("release_ports", ctx,
                    [&store = store_, session_id](const CallContext&) { return store.release_ports(session_id, {}); });
}

Result<std::vector<std::string>> RemoteStore::port_holders(const std::string& host_id, const CallContext& ctx) {
  return wire_.call("port_holders", ctx,
                    [&store = store_, host_id](const CallContext&) { return store.port_holders(host_id, {}); });
}

Result<void> RemoteStore::ping(const CallContext& ctx) {
  return wire_.call("ping", ctx, [&store = store_](const CallContext&) { return store.ping({}); });
}

}  // namespace ottobot::simulation
