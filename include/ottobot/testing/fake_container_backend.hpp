// A ContainerBackend without containers: a small, deterministic, complete implementation of the contract in memory.
//
// Sandboxes live in a FakeContainerHost, so that they outlive the backend as real ones outlive a server; several
// backends may share a host. Failures and deaths are scripted. Thread-safe.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "ottobot/clock.hpp"
#include "ottobot/container_backend.hpp"

namespace ottobot::testing {

class FakeContainerHost;
std::shared_ptr<FakeContainerHost> make_fake_container_host();

struct FakeContainerOptions {
  std::shared_ptr<FakeContainerHost> host;  // null = one of its own
  Clock* clock = nullptr;                   // borrowed for the backend's life; null = system_clock()
  // Where a launched sandbox answers: a test that serves real MCP puts its own endpoint here. Called outside of locks,
  // once per launch that starts something. Unset: "unix:/nonexistent/NAME.sock" and a fresh token.
  std::function<Endpoint(const LaunchParams&)> endpoint;
  // Runs in launch() before the sandbox exists; may block until ctx ends, or fail. Called outside of locks.
  std::function<Result<void>(const LaunchParams&, const CallContext&)> on_launch;
};

class FakeContainerBackend final : public ContainerBackend {
 public:
  explicit FakeContainerBackend(FakeContainerOptions options = {});
  ~FakeContainerBackend() override;

  std::string name() const override { return "fake"; }
  Result<void> probe(const CallContext& ctx) override;
  Result<Sandbox> launch(const LaunchParams& params, const LaunchProgress& progress, const CallContext& ctx) override;
  Result<Sandbox> inspect(const std::string& name, const CallContext& ctx) override;
  Result<void> pause(const std::string& name, const CallContext& ctx) override;
  Result<void> resume(const std::string& name, const CallContext& ctx) override;
  Result<void> stop(const std::string& name, std::chrono::milliseconds grace, const CallContext& ctx) override;
  Result<void> remove(const std::string& name, const CallContext& ctx) override;
  Result<std::vector<Sandbox>> list(const std::map<std::string, std::string>& selector,
                                    const CallContext& ctx) override;
  Result<std::string> logs(const std::string& name, int tail_lines, const CallContext& ctx) override;
  Result<SandboxStats> stats(const std::string& name, const CallContext& ctx) override;
  // What set_disk_usage() said; 0 to begin with.
  Result<std::uint64_t> disk_usage(const std::string& name, const CallContext& ctx) override;
  // Supported: answers "snapshot-of-NAME"; launch() knows that image from then on.
  Result<std::string> snapshot(const std::string& name, const CallContext& ctx) override;

  // The next `times` calls of `operation` ("launch", "inspect", …, "probe") answer `error` and do nothing.
  void fail_next(const std::string& operation, Error error, int times = 1);
  // The sandbox dies by itself, as after an out-of-memory kill.
  void crash(const std::string& name);
  // What disk_usage() answers from now on; `cpu_time_us` more on the sandbox's clock say that it was busy.
  void set_disk_usage(const std::string& name, std::uint64_t bytes, std::uint64_t cpu_time_us = 1'000'000);
  // Adds a line to what logs() tells.
  void write_log(const std::string& name, const std::string& line);
  // How many launches really started a sandbox of that name.
  int starts(const std::string& name) const;

 private:
  Result<void> enter(const std::string& operation, const CallContext& ctx) const;

  FakeContainerOptions options_;
};

}  // namespace ottobot::testing
