// The container backend of one simulated host, as one worker reaches it.
#pragma once

#include "ottobot/testing/fake_container_backend.hpp"
#include "simulation/sandboxes.hpp"

namespace ottobot::simulation {

class RemoteBackend final : public ContainerBackend {
 public:
  // All is borrowed and outlives whatever is under way. `backend` launches into `host`.
  RemoteBackend(testing::FakeContainerBackend& backend, SandboxHost& host, Wire wire)
      : backend_(backend), host_(host), wire_(std::move(wire)) {}

  std::string name() const override { return "simulated"; }
  Result<void> probe(const CallContext& ctx) override { return ctx.check(); }
  Result<Sandbox> launch(const LaunchParams& params, const LaunchProgress& progress, const CallContext& ctx) override;
  Result<Sandbox> inspect(const std::string& name, const CallContext& ctx) override;
  Result<void> stop(const std::string& name, std::chrono::milliseconds grace, const CallContext& ctx) override;
  Result<void> remove(const std::string& name, const CallContext& ctx) override;
  Result<std::vector<Sandbox>> list(const std::map<std::string, std::string>& selector,
                                    const CallContext& ctx) override;
  // Nothing that a worker runs needs these.
  Result<void> pause(const std::string&, const CallContext&) override { return unsupported("not here"); }
  Result<void> resume(const std::string&, const CallContext&) override { return unsupported("not here"); }
  Result<std::string> logs(const std::string&, int, const CallContext&) override { return unsupported("not here"); }
  Result<SandboxStats> stats(const std::string&, const CallContext&) override { return unsupported("not here"); }
  Result<std::uint64_t> disk_usage(const std::string&, const CallContext&) override { return unsupported("not here"); }
  Result<std::string> snapshot(const std::string&, const CallContext&) override { return unsupported("not here"); }

 private:
  testing::FakeContainerBackend& backend_;
  SandboxHost& host_;
  Wire wire_;
};

}  // namespace ottobot::simulation
