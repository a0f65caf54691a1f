// How containers begin and end: crashes, leftovers, failures, and what others do to them.
#include <sys/wait.h>
#include <unistd.h>

#include <gmock/gmock.h>

#include <csignal>
#include <fstream>
#include <set>
#include <thread>

#include "containers/docker_fixture.hpp"
#include "net/process/spawn.hpp"
#include "net/process/unix_socket.hpp"
#include "ottobot/ids.hpp"

namespace ottobot::containers {
namespace {

namespace fs = std::filesystem;
using DockerLifecycle = DockerTest;
using ::testing::HasSubstr;

TEST_F(DockerLifecycle, WorkspaceFilesSurviveAStopAndGoWithTheRemoval) {
  const Sandbox first = launched(params());
  ASSERT_EQ(run_in(first, "echo kept > /workspace/file").exit_code, 0);
  ASSERT_TRUE(backend_->stop("box", std::chrono::milliseconds(500), ctx()));
  const Sandbox second = launched(params());
  EXPECT_NE(first.endpoint.token, second.endpoint.token);
  EXPECT_EQ(run_in(second, "cat /workspace/file").output, "kept\n");
  ASSERT_TRUE(backend_->remove("box", ctx()));
  EXPECT_FALSE(fs::exists(sandbox_folder()));
}

TEST_F(DockerLifecycle, TenLaunchesAtOnceGiveTenSandboxes) {
  std::vector<Result<Sandbox>> sandboxes(10, not_found(""));
  {
    std::vector<std::jthread> threads;
    for (std::size_t i = 0; i < sandboxes.size(); ++i) {
      threads.emplace_back([&, i] {
        sandboxes[i] = backend_->launch(params("box" + std::to_string(i)), nullptr, ctx(std::chrono::seconds(100)));
      });
    }
  }
  std::set<std::string> tokens;
  for (const auto& sandbox : sandboxes) {
    ASSERT_TRUE(sandbox) << sandbox.error().to_string();
    EXPECT_EQ(run_in(*sandbox, "echo here").output, "here\n");
    tokens.insert(sandbox->endpoint.token);
  }
  EXPECT_EQ(tokens.size(), sandboxes.size());
}

TEST_F(DockerLifecycle, AStoppedSandboxLeavesItsFilesAndNothingOnTheEngine) {
  ASSERT_EQ(run_in(launched(params()), "echo kept > /workspace/file").exit_code, 0);
  ASSERT_TRUE(backend_->stop("box", std::chrono::seconds(1), ctx()));
  EXPECT_EQ(backend_->inspect("box", ctx())->state, SandboxState::exited);
  const auto container = engine_->inspect(container_name(), ctx());
  ASSERT_TRUE(container);
  EXPECT_FALSE(*container);
  EXPECT_EQ(run_in(launched(params()), "cat /workspace/file").output, "kept\n");
}

TEST_F(DockerLifecycle, ASandboxThatIsKilledFromOutsideIsSeenAsExitedAndReplaced) {
  const Sandbox first = launched(params());
  ASSERT_EQ(run_in(first, "echo kept > /workspace/file").exit_code, 0);
  ASSERT_TRUE(engine_->kill(container_name(), "SIGKILL", ctx()));
  ASSERT_TRUE(engine_->wait_ended(container_name(), ctx()));
  EXPECT_EQ(backend_->inspect("box", ctx())->state, SandboxState::exited);
  EXPECT_EQ(run_in(launched(params()), "cat /workspace/file").output, "kept\n");
}

TEST_F(DockerLifecycle, AContainerThatIsRemovedFromOutsideLeavesItsFilesToTheNext) {
  const Sandbox first = launched(params());
  ASSERT_EQ(run_in(first, "echo kept > /workspace/file").exit_code, 0);
  ASSERT_TRUE(engine_->remove(container_name(), ctx()));
  EXPECT_EQ(backend_->inspect("box", ctx())->state, SandboxState::exited);
  ASSERT_EQ(backend_->list({}, ctx())->size(), 1u);
  EXPECT_TRUE(backend_->stop("box", std::chrono::seconds(1), ctx()));
  EXPECT_EQ(run_in(launched(params()), "cat /workspace/file").output, "kept\n");
}

// A start gives it a network namespace without our filter.
TEST_F(DockerLifecycle, AContainerThatIsStartedAgainByHandIsConfinedAgain) {
  launched(params());
  const std::string gateway =
      engine_json("/networks/" + network_name())["IPAM"]["Config"][0]["Gateway"].get<std::string>();
  ASSERT_TRUE(engine_->kill(container_name(), "SIGKILL", ctx()));
  ASSERT_TRUE(engine_->wait_ended(container_name(), ctx()));
  ASSERT_TRUE(engine_->start(container_name(), ctx()));
  const Sandbox again = launched(params());
  const Listener listener = listen_on(htonl(INADDR_ANY));
  EXPECT_EQ(run_in(again, "/opt/ottobot/ottobot-sandboxd --connect " + gateway + " " + std::to_string(listener.port))
                .exit_code,
            1);
}

TEST_F(DockerLifecycle, AnothersContainerOfOurNameIsNamedAndLeftAlone) {
  const Json spec = {{"Image", kTestImage}, {"Cmd", {"sleep", "100"}}, {"Labels", {{"io.ottobot.instance", "x"}}}};
  auto other = engine_->create(container_name(), spec, ctx());
  ASSERT_TRUE(other) << other.error().to_string();
  auto refused = backend_->launch(params(), nullptr, ctx());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::conflict);
  EXPECT_THAT(refused.error().message, HasSubstr(container_name()));
  EXPECT_FALSE(refused.error().hint.empty());
  EXPECT_EQ(backend_->inspect("box", ctx()).error().code, ErrorCode::not_found);
  EXPECT_TRUE(backend_->list({}, ctx())->empty());
  EXPECT_TRUE(backend_->remove("box", ctx()));
  EXPECT_FALSE(fs::exists(sandbox_folder()));
  EXPECT_TRUE(engine_->inspect(*other, ctx())->has_value());
  ASSERT_TRUE(engine_->remove(*other, ctx()));
}

TEST_F(DockerLifecycle, AnothersNetworkOfOurNameIsNamedAndLeftAlone) {
  ASSERT_TRUE(engine_->create_network(network_spec(network_name(), {}), ctx()));
  auto refused = backend_->launch(params(), nullptr, ctx());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::conflict);
  EXPECT_THAT(refused.error().hint, HasSubstr("docker network rm"));
  EXPECT_FALSE(fs::exists(sandbox_folder()));
  EXPECT_EQ(engine_json("/networks/" + network_name())["Name"], network_name());
  ASSERT_TRUE(engine_->remove_network(network_name(), ctx()));
}

// An engine that makes two at once, for a server that was killed and for its next life, lets neither be used.
TEST_F(DockerLifecycle, OfTwoNetworksOfOurNameOneStays) {
  Json spec = network_spec(network_name(), {{labels::kInstance, options_.instance}});
  spec["CheckDuplicate"] = false;
  ASSERT_TRUE(engine_->create_network(spec, ctx()));
  if (!engine_->create_network(spec, ctx())) {
    ASSERT_TRUE(engine_->remove_network(network_name(), ctx()));
    GTEST_SKIP() << "this engine keeps names unique whatever it is asked for";
  }
  EXPECT_EQ(run_in(launched(params()), "echo on one of them").output, "on one of them\n");
  EXPECT_THAT(traces(), ::testing::UnorderedElementsAre("container " + container_name(), "network " + network_name()));
}

TEST_F(DockerLifecycle, AMissingImageIsNamedWithTheCommandThatMendsIt) {
  LaunchParams wanted = params();
  wanted.image = "ottobot-no-such-image:1";
  const auto begin = std::chrono::steady_clock::now();
  auto refused = backend_->launch(wanted, nullptr, ctx());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::not_found);
  EXPECT_THAT(refused.error().message, HasSubstr("ottobot-no-such-image:1"));
  EXPECT_THAT(refused.error().hint, HasSubstr("docker pull ottobot-no-such-image:1"));
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(30));
  EXPECT_FALSE(fs::exists(sandbox_folder()));
}

// A registry with the test image in it, until the end of the scope.
class Registry {
 public:
  Registry() {
    net::SpawnOptions options;
    options.argv = {"python3", OTTOBOT_REGISTRY_SCRIPT, test_image_file(), std::to_string(kPort)};
    auto process = net::spawn(options);
    EXPECT_TRUE(process) << process.error().to_string();
    if (process) process_ = std::move(*process);
    EXPECT_TRUE(waits_until([] { return net::connect_tcp("127.0.0.1", kPort, ctx()).has_value(); }));
  }
  ~Registry() {
    process_.kill_group(SIGKILL);
    (void)process_.wait(ctx());
  }
  Registry(const Registry&) = delete;
  Registry& operator=(const Registry&) = delete;
  static std::string image(const std::string& tag) { return "127.0.0.1:" + std::to_string(kPort) + "/pulled:" + tag; }

 private:
  static constexpr int kPort = 23'763;
  static CallContext ctx() { return with_timeout(std::chrono::seconds(5)); }
  net::Process process_;
};

TEST_F(DockerLifecycle, AnImageThatIsNotThereIsPulledAndTheProgressIsTold) {
  const Registry registry;
  LaunchParams wanted = params();
  wanted.image = Registry::image("1");
  std::vector<std::string> told;
  auto box = backend_->launch(
      wanted, [&](int, const std::string& message) { told.push_back(message); }, ctx());
  ASSERT_TRUE(box) << box.error().to_string();
  EXPECT_THAT(told, ::testing::Contains(HasSubstr("pulling " + wanted.image)));
  EXPECT_EQ(run_in(*box, "echo pulled").output, "pulled\n");
  ASSERT_TRUE(backend_->remove("box", ctx()));
  EXPECT_TRUE(client_->call({"DELETE", "/images/" + wanted.image}, ctx()));
  wanted.image = Registry::image("2");
  const auto missing = backend_->launch(wanted, nullptr, ctx());
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, ErrorCode::not_found);
  EXPECT_THAT(missing.error().message, HasSubstr("manifest unknown"));
}

TEST_F(DockerLifecycle, TheFirstImageOfTheEnvironmentThatIsThereIsTaken) {
  options_.images = {{"python", {"ottobot-no-such-image:1", kTestImage}}, {"", {"ottobot-no-such-image:2"}}};
  backend_ = make_backend(options_);
  LaunchParams wanted = params();
  wanted.environment = "python";
  launched(wanted);
  EXPECT_EQ(engine_json("/containers/" + container_name() + "/json")["Config"]["Image"], kTestImage);
  EXPECT_EQ(find_docker_image(options_, "python", ctx()).value_or(""), kTestImage);
  EXPECT_EQ(find_docker_image(options_, "node", ctx()).error().code, ErrorCode::not_found);
}

TEST_F(DockerLifecycle, ADaemonThatEndsFailsTheLaunchWithItsLogAndLeavesNothing) {
  LaunchParams wrong = params();
  wrong.env["TEST_DAEMON"] = "exit";
  auto sandbox = backend_->launch(wrong, nullptr, ctx());
  ASSERT_FALSE(sandbox);
  EXPECT_EQ(sandbox.error().code, ErrorCode::unavailable);
  EXPECT_THAT(sandbox.error().message, HasSubstr("as asked, it ends"));
  EXPECT_THAT(sandbox.error().message, HasSubstr("exit code 3"));
  EXPECT_FALSE(fs::exists(sandbox_folder()));
  EXPECT_EQ(traces(), std::vector<std::string>{});
}

TEST_F(DockerLifecycle, ARelaunchThatFailsKeepsTheFiles) {
  ASSERT_EQ(run_in(launched(params()), "echo kept > /workspace/file").exit_code, 0);
  ASSERT_TRUE(backend_->stop("box", std::chrono::milliseconds(0), ctx()));
  LaunchParams wrong = params();
  wrong.env["TEST_DAEMON"] = "exit";
  ASSERT_FALSE(backend_->launch(wrong, nullptr, ctx()));
  EXPECT_EQ(backend_->inspect("box", ctx())->state, SandboxState::exited);
  EXPECT_EQ(run_in(launched(params()), "cat /workspace/file").output, "kept\n");
}

TEST_F(DockerLifecycle, RemoveEndsALaunchThatIsUnderWay) {
  LaunchParams slow = params();
  slow.env["TEST_DAEMON"] = "mute";
  std::jthread launcher([&] { EXPECT_FALSE(backend_->launch(slow, nullptr, ctx())); });
  ASSERT_TRUE(
      waits_until([&] { return backend_->logs("box", 5, ctx()).value_or("").find("starts") != std::string::npos; }));
  const auto begin = std::chrono::steady_clock::now();
  ASSERT_TRUE(backend_->remove("box", ctx()));
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(8));
  EXPECT_FALSE(fs::exists(sandbox_folder()));
}

TEST_F(DockerLifecycle, StopWaitsForTheGraceAndNoLonger) {
  LaunchParams stubborn = params("stubborn");
  stubborn.env["TEST_DAEMON"] = "stubborn";
  launched(stubborn);
  launched(params("polite"));
  auto begin = std::chrono::steady_clock::now();
  ASSERT_TRUE(backend_->stop("polite", std::chrono::seconds(20), ctx()));
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(8));
  begin = std::chrono::steady_clock::now();
  ASSERT_TRUE(backend_->stop("stubborn", std::chrono::milliseconds(300), ctx()));
  const auto took = std::chrono::steady_clock::now() - begin;
  EXPECT_GE(took, std::chrono::milliseconds(300));
  EXPECT_LT(took, std::chrono::seconds(8));
}

TEST_F(DockerLifecycle, ASandboxOfAKilledServerIsFoundAndRemoved) {
  const pid_t server = ::fork();
  if (server == 0) {
    auto backend = make_docker_backend(options_, system_clock(), null_logger());
    LaunchParams wanted = params();
    wanted.labels["io.ottobot.session"] = "s";
    if (!backend || !(*backend)->launch(wanted, nullptr, ctx())) ::_exit(1);
    ::kill(::getpid(), SIGKILL);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(server, &status, 0), server);
  ASSERT_TRUE(WIFSIGNALED(status));
  auto found = backend_->list({{"io.ottobot.session", "s"}}, ctx());
  ASSERT_TRUE(found && found->size() == 1);
  EXPECT_EQ(found->front().state, SandboxState::running);
  EXPECT_EQ(run_in(found->front(), "echo still here").output, "still here\n");
}

// Kills the launching process at instants spread over a whole launch.
TEST_F(DockerLifecycle, ALaunchKilledAtAnyInstantLeavesSomethingRemovable) {
  for (int step = 0; step < 8; ++step) {
    const pid_t server = ::fork();
    if (server == 0) {
      auto backend = make_docker_backend(options_, system_clock(), null_logger());
      if (backend) (void)(*backend)->launch(params(), nullptr, ctx());
      ::_exit(0);
    }
    ::usleep(static_cast<useconds_t>(step) * 100'000);
    ::kill(server, SIGKILL);
    ASSERT_EQ(::waitpid(server, nullptr, 0), server);
    if (step % 2 == 0) {
      EXPECT_EQ(run_in(launched(params()), "echo relaunched").output, "relaunched\n") << step;
    }
    ASSERT_TRUE(backend_->list({}, ctx()));
    auto removed = backend_->remove("box", ctx());
    ASSERT_TRUE(removed) << step << " " << removed.error().to_string();
    EXPECT_FALSE(fs::exists(sandbox_folder())) << step;
    // A create that the engine was just working on may come to its end after that.
    EXPECT_TRUE(waits_until([&] { return backend_->remove("box", ctx()).has_value() && traces().empty(); }))
        << step << ": " << ::testing::PrintToString(traces());
  }
}

TEST_F(DockerLifecycle, TwoInstancesDoNotTouchEachOther) {
  DockerOptions others = options_;
  others.state_dir = folder_.path() + "/other";
  others.instance += "-other";
  auto other = make_backend(others);
  const Sandbox mine = launched(params());
  auto theirs = other->launch(params(), nullptr, ctx());
  ASSERT_TRUE(theirs) << theirs.error().to_string();
  EXPECT_EQ(mine.labels.at(labels::kInstance), options_.instance);
  EXPECT_EQ(theirs->labels.at(labels::kInstance), others.instance);
  EXPECT_EQ(backend_->list({}, ctx())->size(), 1u);
  ASSERT_TRUE(backend_->remove("box", ctx()));
  EXPECT_EQ(run_in(*theirs, "echo untouched").output, "untouched\n");
  EXPECT_TRUE(other->remove("box", ctx()));
}

TEST_F(DockerLifecycle, WhatThisHostHasNoRecordOfIsListedAndRemoved) {
  launched(params());
  fs::remove_all(sandbox_folder());
  auto listed = backend_->list({{labels::kInstance, options_.instance}}, ctx());
  ASSERT_TRUE(listed && listed->size() == 1);
  EXPECT_EQ(listed->front().name, "box");
  EXPECT_EQ(listed->front().state, SandboxState::running);
  EXPECT_EQ(run_in(launched(params()), "echo replaced").output, "replaced\n");
  ASSERT_TRUE(backend_->remove("box", ctx()));
}

// A killed server's requests may be carried out when its next life has removed all that there was.
TEST_F(DockerLifecycle, AHelperAndANetworkThatComeLateAreRemovedToo) {
  const LabelMap ours{{labels::kInstance, options_.instance}};
  ASSERT_TRUE(engine_->create_network(network_spec(network_name(), ours), ctx()));
  HelperPlan late;
  late.image = params().image;
  late.capability = "CHOWN";
  late.network = "none";
  late.labels = {{labels::kInstance, options_.instance}, {kNameLabel, "box"}, {kRoleLabel, "helper"}};
  ASSERT_TRUE(engine_->create(container_name() + ".helper", helper_spec(late), ctx()));
  auto listed = backend_->list(ours, ctx());
  ASSERT_TRUE(listed && listed->size() == 1);
  ASSERT_TRUE(backend_->remove(listed->front().name, ctx()));
  EXPECT_EQ(traces(), std::vector<std::string>{});

  ASSERT_TRUE(engine_->create_network(network_spec(network_name(), ours), ctx()));
  listed = backend_->list(ours, ctx());
  EXPECT_TRUE(listed && listed->empty());
  EXPECT_EQ(traces(), std::vector<std::string>{});
}

TEST_F(DockerLifecycle, ASnapshotIsAnImageToLaunchFrom) {
  launched(params());
  auto image = backend_->snapshot("box", ctx());
  ASSERT_TRUE(image) << image.error().to_string();
  LaunchParams wanted = params("second");
  wanted.image = *image;
  EXPECT_EQ(run_in(launched(wanted), "echo from a snapshot").output, "from a snapshot\n");
  ASSERT_TRUE(backend_->remove("second", ctx()));
  EXPECT_TRUE(client_->call({"DELETE", "/images/" + *image}, ctx()));
}

class DockerByTls : public DockerTest {
 protected:
  EngineKind kind() const override { return EngineKind::docker_by_tls; }
};

TEST_F(DockerByTls, TheProgramArrivesWholeHoweverManyAreLaunchedAtOnce) {
  std::ifstream file(options_.sandboxd_path, std::ios::binary);
  const std::string program{std::istreambuf_iterator<char>(file), {}};
  const auto expect_program = [&](int i) {
    const Sandbox box = launched(params("box" + std::to_string(i)));
    EXPECT_THAT(run_in(box, "busybox sha256sum /opt/ottobot/ottobot-sandboxd").output,
                ::testing::StartsWith(sha256_hex(program)));
  };
  std::vector<std::jthread> threads;
  for (int i = 0; i < 5; ++i) threads.emplace_back(expect_program, i);
}

// The confining helper runs it, as root: an image must not be able to say who may write where it is.
TEST_F(DockerByTls, TheProgramsFolderHasNothingOfTheImage) {
  const Sandbox box = launched(params());
  EXPECT_EQ(run_in(box, "mkdir /opt/ottobot/x || touch /opt/ottobot/ottobot-sandboxd.new").exit_code, 1);
  const Json mounts = engine_json("/containers/" + container_name() + "/json")["HostConfig"]["Mounts"];
  const auto program = std::find_if(mounts.begin(), mounts.end(),
                                    [](const Json& mount) { return mount["Target"] == kContainerProgramFolder; });
  ASSERT_NE(program, mounts.end());
  EXPECT_EQ((*program)["VolumeOptions"]["NoCopy"], true) << *program;
}

TEST_F(DockerByTls, AWorkspaceInAVolumeIsTheUsersAndOutlivesItsContainer) {
  ASSERT_EQ(run_in(launched(params()), "echo kept > /workspace/file").exit_code, 0);
  ASSERT_TRUE(backend_->stop("box", std::chrono::milliseconds(200), ctx()));
  EXPECT_EQ(run_in(launched(params()), "cat /workspace/file").output, "kept\n");
}

TEST_F(DockerLifecycle, AHostileWorkspaceIsRemoved) {
  const Sandbox box = launched(params());
  const auto made = run_in(box,
                           "cd /workspace && ln -s / root-link && mkdir -p locked/in && chmod 0 locked && "
                           "i=0; while [ $i -lt 300 ]; do mkdir d && cd d; i=$((i+1)); done");
  EXPECT_EQ(made.exit_code, 0) << made.output;
  auto removed = backend_->remove("box", ctx());
  EXPECT_TRUE(removed) << removed.error().to_string();
  EXPECT_FALSE(fs::exists(sandbox_folder()));
  EXPECT_TRUE(fs::exists("/usr/bin"));
}

}  // namespace
}  // namespace ottobot::containers
