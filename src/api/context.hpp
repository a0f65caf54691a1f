// What every part of the API works with. Sockets share it with the Api: one that closes late finds `tasks` closed.
#pragma once

#include <atomic>
#include <mutex>

#include "api/api.hpp"
#include "api/open_sockets.hpp"
#include "api/router.hpp"
#include "api/tasks.hpp"

namespace ottobot::api {

inline constexpr std::chrono::milliseconds kStoreTimeout{10000};

struct Context : std::enable_shared_from_this<Context> {
  Context(ApiDependencies dependencies, ApiOptions settings)
      : deps(std::move(dependencies)),
        options(std::move(settings)),
        port(options.port),
        started(deps.clock.steady_now()),
        desktops(deps.clock, options.desktop_control),
        long_requests(options.long_requests),
        bodies({options.slow_bodies, options.slow_bodies, "slow request bodies"}),
        streams(options.streams),
        tasks([&server = deps.server](std::function<void()> task) { return server.post(std::move(task)); }) {}

  ApiDependencies deps;
  ApiOptions options;
  std::atomic<int> port;
  SteadyTime started;
  std::atomic<int> desktops_connecting{0};  // by viewers, right now
  DesktopControl desktops;
  OpenSockets sockets;
  LongRequests long_requests;
  LongRequests bodies;  // that are being read: a client may be slow to send them
  LongRequests streams;
  std::mutex large_message;  // held by the one request that has such a JSON text parsed
  Tasks tasks;

  // Of a store call made for a request. Not tied to the client: a write that has begun is finished.
  CallContext store_call() const { return with_timeout(kStoreTimeout); }
  // Of a store call made by a task.
  CallContext task_call() const { return with_timeout(kStoreTimeout).with_stop(tasks.stopping()); }
};

// The session of a path. Only what new_id() can produce is looked up. Errors: not_found, those of the store.
Result<SessionRow> find_session(Context& context, const std::string& id);
// True once DELETE has been carried out: nothing will ever happen in the session again.
bool is_deleted(const SessionRow& row);

}  // namespace ottobot::api
