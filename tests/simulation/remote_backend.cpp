#include "simulation/remote_backend.hpp"

namespace ottobot::simulation {

Result<Sandbox> RemoteBackend::launch(const LaunchParams& params, const LaunchProgress& progress,
                                      const CallContext& ctx) {
  if (progress) progress(0, "starting");
  return wire_.call(
      "launch " + params.name, ctx,
      [&backend = backend_, params](const CallContext& own) { return backend.launch(params, {}, own); },
      Wire::Runs::on_a_thread);
}

Result<Sandbox> RemoteBackend::inspect(const std::string& name, const CallContext& ctx) {
  return wire_.call("inspect " + name, ctx,
                    [&backend = backend_, name](const CallContext&) { return backend.inspect(name, {}); });
}

Result<void> RemoteBackend::stop(const std::string& name, std::chrono::milliseconds grace, const CallContext& ctx) {
  return wire_.call("stop " + name, ctx, [&backend = backend_, &host = host_, name, grace](const CallContext&) {
    host.stop(name);
    return backend.stop(name, grace, {});
  });
}

Result<void> RemoteBackend::remove(const std::string& name, const CallContext& ctx) {
  return wire_.call("remove " + name, ctx, [&backend = backend_, &host = host_, name](const CallContext&) {
    host.remove(name);
    return backend.remove(name, {});
  });
}

Result<std::vector<Sandbox>> RemoteBackend::list(const std::map<std::string, std::string>& selector,
                                                 const CallContext& ctx) {
  return wire_.call("list", ctx,
                    [&backend = backend_, selector](const CallContext&) { return backend.list(selector, {}); });
}

}  // namespace ottobot::simulation
