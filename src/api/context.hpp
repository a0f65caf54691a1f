// What every part of the API works with. Sockets share it with the Api: one that closes late finds `tasks` closed.
#pragma once

#include <atomic>
#include <mutex>

#include "api/access.hpp"
#include "api/api.hpp"
#include "api/open_sockets.hpp"
#include "api/router.hpp"
#include "api/tasks.hpp"
#include "api/user_sockets.hpp"
#include "api/user_turns.hpp"

namespace ottobot::api {

inline constexpr std::chrono::milliseconds kStoreTimeout{10000};

struct Context : std::enable_shared_from_this<Context> {
  Context(ApiDependencies dependencies, ApiOptions settings, std::unique_ptr<Access> gate)
      : deps(std::move(dependencies)),
        options(std::move(settings)),
        access(std::move(gate)),
        guard({options.host, options.public_url, options.cors_origins}),
        own_port_guard({options.host, options.public_url, options.cors_origins, true}),
        user_sockets(options.access.max_sockets_per_user),
        port(options.port),
        started(deps.clock.steady_now()),
        desktops(deps.clock, options.desktop_control),
        long_requests(options.long_requests),
        app_requests(options.app_requests),
        bodies({options.slow_bodies, options.slow_bodies, "slow request bodies"}),
        streams(options.streams),
        tasks([&server = deps.server](std::function<void()> task) { return server.post(std::move(task)); }) {}

  ApiDependencies deps;
  ApiOptions options;
  const std::unique_ptr<Access> access;
  const HostGuard guard;           // of the service's port
  const HostGuard own_port_guard;  // of sessions' own ports
  UserSockets user_sockets;
  std::atomic<int> port;
  SteadyTime started;
  std::atomic<int> desktops_connecting{0};  // by viewers, right now
  DesktopControl desktops;
  OpenSockets sockets;
  LongRequests long_requests;
  LongRequests app_requests;
  LongRequests bodies;  // that are being read: a client may be slow to send them
  LongRequests streams;
  UserTurns making_sessions;  // held while a user's sessions are counted and one is added
  std::mutex large_message;   // held by the one request that has such a JSON text parsed
  Tasks tasks;

  // Of a store call made for a request. Not tied to the client: a write that has begun is finished.
  CallContext store_call() const { return with_timeout(kStoreTimeout); }
  // Of a store call made by a task.
  CallContext task_call() const { return with_timeout(kStoreTimeout).with_stop(tasks.stopping()); }
};

// The session that a request is about, if it is its caller's. Only what new_id() can produce is looked up. Errors:
// not_found, unauthenticated (its ticket has ended with the session), those of the store.
Result<SessionRow> find_session(Context& context, const Request& request);
// A body of JSON fields; nullopt = it could not be read, and the answer has been given.
std::optional<std::string> read_fields(Context& context, Request& request);
// True once DELETE has been carried out: nothing will ever happen in the session again.
bool is_deleted(const SessionRow& row);

}  // namespace ottobot::api
