// A worker's parts with real sandboxd behind a container backend that keeps nothing, a memory store and a manual clock.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>

#include "ottobot/llm/scripted.hpp"
#include "ottobot/session/session_service.hpp"
#include "ottobot/stores/memory.hpp"
#include "ottobot/testing/fake_container_backend.hpp"
#include "ottobot/testing/manual_clock.hpp"
#include "ottobot/testing/results.hpp"
#include "sandboxd/sandbox.hpp"
#include "sandboxd/temp_folder.hpp"
#include "worker/session_runner.hpp"

namespace ottobot::worker {

// Sandboxes in this process: every launch has an empty workspace of its own.
class Machines {
 public:
  struct Machine {
    sandboxd::TempFolder workspace, run;
    std::unique_ptr<sandboxd::Sandbox> sandbox;
  };

  Endpoint start(const std::string& name) {
    auto machine = std::make_unique<Machine>();
    sandboxd::SandboxOptions options;
    options.workspace = machine->workspace.path();
    options.listen = "unix:" + (machine->run / "s.sock");
    options.token = "secret-token";
    options.run_folder = machine->run.path();
    options.desktop = sandboxd::DesktopMode::off;
    options.environment = {{"PATH", "/usr/bin:/bin"}};
    auto sandbox = sandboxd::Sandbox::start(options);
    EXPECT_TRUE(sandbox) << sandbox.error().to_string();
    machine->sandbox = std::move(*sandbox);
    const Endpoint endpoint{machine->sandbox->address(), "secret-token", std::nullopt};
    machines_[name] = std::move(machine);
    return endpoint;
  }
  Machine& operator[](const std::string& name) { return *machines_.at(name); }

 private:
  std::map<std::string, std::unique_ptr<Machine>> machines_;
};

class WorkerTest : public ::testing::Test {
 protected:
  WorkerTest() {
    options_.worker_id = "w";
    options_.host_id = "here";
    options_.vnc_ports = options_.mcp_ports = {0, 0};
    options_.retention = std::chrono::hours(1);
    use_scenario({{"turns", {{{"steps", {{{"text", "Done."}}}}}}}});
  }

  void use_scenario(const Json& scenario) {
    ScriptedOptions script;
    script.scenario = scenario;
    script.clock = &clock_;
    auto provider = make_scripted_provider(std::move(script));
    ASSERT_TRUE(provider) << provider.error().to_string();
    model_ = std::move(*provider);
  }

  std::string create(const std::string& prompt = "First") {
    SessionServiceOptions options;
    options.default_model = "scripted:test";
    options.resolve_model = [](const std::string& model) -> Result<std::string> { return model; };
    if (!sessions_) sessions_ = std::make_unique<SessionService>(*store_, *queue_, clock_, null_logger(), options);
    NewSession request;
    request.initial_prompt = prompt;
    return sessions_->create(request, {}).value_or(SessionRow{}).id;
  }
  void prompt(const std::string& id, const std::string& content) {
    EXPECT_TRUE(testing::succeeded(sessions_->post_prompt(id, {}, content, {}, {})));
  }

  Lease own(const std::string& id) {
    return testing::value_of(store_->acquire_lease({id, "w/" + std::to_string(++runs_), options_.lease_ttl}, {}));
  }
  Result<void> run(const std::string& id, std::stop_token abandon = {}) {
    const Lease lease = own(id);
    Result<void> done;
    {
      SessionRunner runner(dependencies_, options_, ports_, disk_, lease, std::move(abandon));
      done = runner.run();
    }
    EXPECT_TRUE(testing::succeeded(store_->release_lease(lease, {})));
    return done;
  }

  // With a store of its own over the real one.
  Result<void> run_over(SessionStore& store, const std::string& id) {
    WorkerDependencies dependencies{
        store, *queue_, backend_, *http_, *server_, clock_, null_logger(), dependencies_.models, {}, {}, {}};
    PortListeners ports(dependencies, options_);
    const Lease lease = own(id);
    const Result<void> done = SessionRunner(dependencies, options_, ports, disk_, lease, {}).run();
    EXPECT_TRUE(testing::succeeded(store_->release_lease(lease, {})));
    return done;
  }

  SessionRow row(const std::string& id) { return testing::value_of(store_->get_session(id, {})); }
  std::vector<Event> events(const std::string& id, EventType type) {
    auto all = testing::value_of(read_events(*store_, {id}, {}));
    std::erase_if(all, [&](const Event& event) { return event.type != type; });
    return all;
  }
  Machines::Machine& machine(const std::string& id) { return machines_[sandbox_name(id)]; }

  testing::ManualClock clock_;
  std::unique_ptr<SessionStore> store_ = make_memory_store(clock_);
  std::unique_ptr<Queue> queue_ = make_memory_queue(clock_);
  std::shared_ptr<testing::FakeContainerHost> host_ = testing::make_fake_container_host();
  Machines machines_;
  std::function<void()> during_launch_;
  testing::FakeContainerBackend backend_{{host_,
                                          &clock_,
                                          [this](const LaunchParams& params) {
                                            if (during_launch_) during_launch_();
                                            return machines_.start(params.name);
                                          },
                                          {}}};
  std::unique_ptr<net::HttpClient> http_ = std::move(*net::make_http_client());
  std::unique_ptr<net::HttpServer> server_ = std::move(*net::make_http_server({}));
  std::unique_ptr<LlmProvider> model_;
  std::unique_ptr<SessionService> sessions_;
  WorkerOptions options_;
  WorkerDependencies dependencies_{*store_,
                                   *queue_,
                                   backend_,
                                   *http_,
                                   *server_,
                                   clock_,
                                   null_logger(),
                                   [this](const std::string&) -> Result<ModelHandle> {
                                     return ModelHandle{model_.get(), "test"};
                                   },
                                   {},
                                   {},
                                   {},
                                   {}};
  PortListeners ports_{dependencies_, options_};
  DiskWatch disk_{backend_, clock_, null_logger(), {}};
  int runs_ = 0;
};

}  // namespace ottobot::worker
