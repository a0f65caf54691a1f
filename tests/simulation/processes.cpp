#include "simulation/processes.hpp"

namespace ottobot::simulation {
namespace {

constexpr const char* kModel = "planned:model";

// Ports that nobody connects to.
class NoListeners final : public net::HttpServer {
 public:
  Result<std::unique_ptr<net::Listener>> listen(net::ListenOptions options) override {
    return std::make_unique<NoListener>(options.port);
  }
  bool post(std::function<void()>) override { return false; }

 private:
  class NoListener final : public net::Listener {
   public:
    explicit NoListener(int port) : port_(port) {}
    int port() const override { return port_; }
    void stop_accepting() override {}

   private:
    int port_;
  };
};

ProcessPtr make_process(const std::string& name) {
  auto process = std::make_shared<Process>();
  process->name = name;
  return process;
}

SessionServiceOptions service_options(std::int64_t session_timeout_s) {
  SessionServiceOptions options;
  options.default_model = kModel;
  options.default_timeout_s = session_timeout_s;
  options.resolve_model = [](const std::string& model) -> Result<std::string> { return model; };
  return options;
}

}  // namespace

Host::Host(Scheduler& scheduler, Ledger& ledger, std::string name)
    : id(std::move(name)),
      sandboxes(scheduler, ledger),
      backend({nullptr, nullptr, [this](const LaunchParams& params) { return sandboxes.start(params.name); },
               [&scheduler](const LaunchParams&, const CallContext& ctx) {
                 const auto takes = std::chrono::milliseconds(50 + scheduler.random().below(700));
                 return system_clock().sleep_for(takes, ctx);
               }}) {}

void run_in(Scheduler& scheduler, const ProcessPtr& process, std::function<void()> body) {
  scheduler.join(scheduler.spawn(process, std::move(body)));
}

WorkerProcess::WorkerProcess(const Outside& outside, Host& host, const worker::WorkerOptions& options)
    : process(make_process(options.worker_id)),
      scheduler_(outside.scheduler),
      store_(outside.store, outside.ledger, Wire(outside.scheduler, outside.store_weather, process, Wire::To::store)),
      queue_(outside.queue, Wire(outside.scheduler, outside.store_weather, process, Wire::To::store)),
      backend_(host.backend, host.sandboxes,
               Wire(outside.scheduler, outside.sandbox_weather, process, Wire::To::sandbox)),
      http_(host.sandboxes, Wire(outside.scheduler, outside.sandbox_weather, process, Wire::To::sandbox)),
      ports_(std::make_unique<NoListeners>()),
      model_(outside.scheduler) {
  const auto no_handler = [](const std::string&) { return net::Handler(); };
  run_in(scheduler_, process, [&] {
    worker::WorkerDependencies dependencies{store_,
                                            queue_,
                                            backend_,
                                            http_,
                                            *ports_,
                                            system_clock(),
                                            null_logger(),
                                            [this](const std::string&) -> Result<worker::ModelHandle> {
                                              return worker::ModelHandle{&model_, "model"};
                                            },
                                            no_handler,
                                            no_handler,
                                            {},
                                            {},
                                            {},
                                            {}};
    auto started = worker::Worker::start(std::move(dependencies), options);
    if (!started) std::abort();
    worker_ = std::move(*started);
  });
}

WorkerProcess::~WorkerProcess() {
  run_in(scheduler_, process, [this] { worker_.reset(); });
}

void WorkerProcess::kill() {
  process->dead = true;
  scheduler_.thaw(*process);
}

ApiProcess::ApiProcess(const Outside& outside, const std::string& name, std::int64_t session_timeout_s)
    : process(make_process(name)),
      store(outside.store, outside.ledger, Wire(outside.scheduler, outside.store_weather, process, Wire::To::store)),
      queue(outside.queue, Wire(outside.scheduler, outside.store_weather, process, Wire::To::store)),
      sessions(store, queue, system_clock(), null_logger(), service_options(session_timeout_s)) {}

}  // namespace ottobot::simulation
