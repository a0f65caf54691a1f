#include "containers/breaker/circuit.hpp"

namespace ottobot {
namespace {

using containers::Circuit;

class Breaker final : public BreakerBackend {
 public:
  Breaker(std::unique_ptr<ContainerBackend> inner, BreakerOptions options, Clock& clock)
      : inner_(std::move(inner)),
        launches_("sandboxes cannot be started", options, clock),
        calls_("sandboxes cannot be reached", options, clock) {}

  Result<void> admits_launches() const override {
    if (auto admitted = launches_.check(); !admitted) return admitted;
    return calls_.check();
  }

  std::string name() const override { return inner_->name(); }
  Result<void> probe(const CallContext& ctx) override { return inner_->probe(ctx); }

  Result<Sandbox> launch(const LaunchParams& params, const LaunchProgress& progress, const CallContext& ctx) override {
    const auto refused = launches_.check();
    if (!refused && runs(params.name, ctx)) return inner_->launch(params, progress, ctx);
    return launches_.run([&] { return inner_->launch(params, progress, ctx); });
  }
  Result<Sandbox> inspect(const std::string& name, const CallContext& ctx) override {
    return calls_.run([&] { return inner_->inspect(name, ctx); });
  }
  Result<void> pause(const std::string& name, const CallContext& ctx) override {
    return calls_.run([&] { return inner_->pause(name, ctx); });
  }
  Result<void> resume(const std::string& name, const CallContext& ctx) override {
    return calls_.run([&] { return inner_->resume(name, ctx); });
  }
  Result<void> stop(const std::string& name, std::chrono::milliseconds grace, const CallContext& ctx) override {
    return calls_.run([&] { return inner_->stop(name, grace, ctx); });
  }
  Result<void> remove(const std::string& name, const CallContext& ctx) override {
    return calls_.run([&] { return inner_->remove(name, ctx); });
  }
  Result<std::vector<Sandbox>> list(const std::map<std::string, std::string>& selector,
                                    const CallContext& ctx) override {
    return calls_.run([&] { return inner_->list(selector, ctx); });
  }
  Result<std::string> logs(const std::string& name, int tail_lines, const CallContext& ctx) override {
    return calls_.run([&] { return inner_->logs(name, tail_lines, ctx); });
  }
  Result<SandboxStats> stats(const std::string& name, const CallContext& ctx) override {
    return calls_.run([&] { return inner_->stats(name, ctx); });
  }
  Result<std::uint64_t> disk_usage(const std::string& name, const CallContext& ctx) override {
    return inner_->disk_usage(name, ctx);  // slow with many files, which is no sign of an engine in trouble
  }
  Result<std::string> snapshot(const std::string& name, const CallContext& ctx) override {
    return calls_.run([&] { return inner_->snapshot(name, ctx); });
  }

 private:
  bool runs(const std::string& name, const CallContext& ctx) {
    const auto known = inspect(name, ctx);
    return known && known->state == SandboxState::running;
  }

  const std::unique_ptr<ContainerBackend> inner_;
  Circuit launches_;
  Circuit calls_;  // all others
};

}  // namespace

std::unique_ptr<BreakerBackend> make_breaker_backend(std::unique_ptr<ContainerBackend> inner, BreakerOptions options,
                                                     Clock& clock) {
  return std::make_unique<Breaker>(std::move(inner), options, clock);
}

}  // namespace ottobot
