// What a container of ours is given, and what it can see and do.
#include <arpa/inet.h>
#include <sched.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <thread>

#include "containers/docker_fixture.hpp"
#include "net/process/spawn.hpp"

namespace ottobot::containers {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kProgram = "/opt/ottobot/ottobot-sandboxd";

std::string connect_command(const std::string& address, int port, const std::string& device = {}) {
  return std::string(kProgram) + " --connect " + address + " " + std::to_string(port) + " " + device;
}

// From an ordinary socket, and from one that is bound to the device and so passes by the routes.
void expect_out_of_reach(const Sandbox& box, const std::string& address, int port) {
  for (const char* device : {"", "eth0"}) {
    const auto tried = run_in(box, connect_command(address, port, device));
    EXPECT_EQ(tried.exit_code, 1) << address << ":" << port << " " << device << ": " << tried.output;
    EXPECT_THAT(tried.output, Not(HasSubstr("connected"))) << address << ":" << port << " " << device;
  }
}

class DockerIsolation : public DockerTest {
 protected:
  // Of the engine's machine, which is this one.
  std::vector<std::string> machine_addresses() const {
    const Json network = engine_json("/networks/" + network_name());
    std::vector<std::string> addresses = {network["IPAM"]["Config"][0]["Gateway"].get<std::string>()};
    for (const auto& address : own_addresses()) addresses.push_back(text_of(address.address));
    return addresses;
  }
};

std::string address_in(const Json& container, const std::string& network) {
  return container["NetworkSettings"]["Networks"][network]["IPAddress"].get<std::string>();
}

TEST_F(DockerIsolation, TheEngineIsAskedForEveryLimitAndNothingElse) {
  LaunchParams wanted = params();
  wanted.labels = {{labels::kSession, "s1"}};
  wanted.limits = {256 << 20, 0.5, 100, 5 << 20};
  launched(wanted);
  const Json box = engine_json("/containers/" + container_name() + "/json");
  const Json& host = box["HostConfig"];
  EXPECT_EQ(host["Memory"], 256 << 20);
  EXPECT_EQ(host["MemorySwap"], 256 << 20);
  EXPECT_EQ(host["NanoCpus"], 500'000'000);
  EXPECT_EQ(host["PidsLimit"], 100);
  EXPECT_EQ(host["ShmSize"], 32 << 20);
  EXPECT_THAT(dump_json(host["Ulimits"]), HasSubstr(R"({"Hard":5242880,"Name":"fsize","Soft":5242880})"));
  EXPECT_EQ(host["CapDrop"], Json({"ALL"}));
  EXPECT_TRUE(host["CapAdd"].is_null());
  EXPECT_EQ(host["SecurityOpt"], Json({"no-new-privileges"}));
  EXPECT_EQ(host["ReadonlyRootfs"], true);
  EXPECT_EQ(host["Privileged"], false);
  EXPECT_EQ(host["PidMode"], "");
  EXPECT_EQ(host["IpcMode"], "private");
  EXPECT_EQ(host["NetworkMode"], network_name());
  EXPECT_TRUE(host["PortBindings"].is_null() || host["PortBindings"].empty());
  EXPECT_TRUE(host["Devices"].is_null() || host["Devices"].empty());
  EXPECT_EQ(host["RestartPolicy"]["Name"], "no");
  EXPECT_EQ(host["LogConfig"]["Config"]["max-size"], "4m");
  EXPECT_EQ(box["Config"]["User"], "1000:1000");
  EXPECT_EQ(box["Config"]["Labels"]["io.ottobot.session"], "s1");
  EXPECT_EQ(box["Config"]["Labels"]["io.ottobot.instance"], options_.instance);
  for (const char* place : {"/tmp", "/home/developer"}) {
    EXPECT_THAT(host["Tmpfs"][place].get<std::string>(), HasSubstr("exec,nosuid,nodev")) << place;
    EXPECT_THAT(host["Tmpfs"][place].get<std::string>(), HasSubstr("size=100663296")) << place;
  }
  std::map<std::string, bool> mounts;
  for (const Json& mount : box["Mounts"]) {
    if (mount["Type"] != "tmpfs") mounts[mount["Destination"]] = mount["RW"];
  }
  EXPECT_EQ(mounts, (std::map<std::string, bool>{
                        {"/workspace", true}, {"/run/ottobot", true}, {"/opt/ottobot/ottobot-sandboxd", false}}));
}

TEST_F(DockerIsolation, TheAgentIsAnOrdinaryUserWithoutPowers) {
  const Sandbox box = launched(params());
  EXPECT_THAT(run_in(box, "id").output, HasSubstr("uid=1000 gid=1000"));
  const std::string status = run_in(box, "cat /proc/self/status").output;
  EXPECT_THAT(status, HasSubstr("CapPrm:\t0000000000000000"));
  EXPECT_THAT(status, HasSubstr("CapBnd:\t0000000000000000"));
  EXPECT_THAT(status, HasSubstr("NoNewPrivs:\t1"));
  EXPECT_THAT(status, HasSubstr("Seccomp:\t2"));
  EXPECT_THAT(run_in(box, "cat /proc/1/comm").output, HasSubstr("ottobot-sandbox"));
}

TEST_F(DockerIsolation, OnlyWorkspaceHomeAndTmpCanBeWritten) {
  const Sandbox box = launched(params());
  for (const char* place : {"/x", "/etc/x", "/bin/x", "/opt/ottobot/x", kProgram, "/home/x", "/proc/sys/kernel/x"}) {
    EXPECT_NE(run_in(box, std::string("echo x >> ") + place).exit_code, 0) << place;
  }
  for (const char* place : {"/tmp/x", "/dev/shm/x", "/home/developer/x", "/workspace/x"}) {
    EXPECT_EQ(run_in(box, std::string("echo x >> ") + place).exit_code, 0) << place;
  }
  EXPECT_EQ(run_in(box, "cp /bin/busybox ~/sh && cp ~/sh /tmp/sh && ~/sh -c true && /tmp/sh -c true").exit_code, 0);
  EXPECT_EQ(run_in(box, "cat ~/../../workspace/x").output, "x\n");
}

TEST_F(DockerIsolation, FilledScratchSpaceSaysSoAndTheSandboxLives) {
  const Sandbox box = launched(params());
  EXPECT_THAT(run_in(box, "dd if=/dev/zero of=/tmp/big bs=1M count=200").output, HasSubstr("No space left"));
  EXPECT_THAT(run_in(box, "dd if=/dev/zero of=$HOME/big bs=1M count=200").output, HasSubstr("No space left"));
  EXPECT_EQ(run_in(box, "echo alive").output, "alive\n");
}

TEST_F(DockerIsolation, NoFileGrowsBeyondTheDisksLimit) {
  LaunchParams wanted = params();
  wanted.limits.disk_bytes = 5 << 20;
  const Sandbox box = launched(wanted);
  EXPECT_NE(run_in(box, "dd if=/dev/zero of=/workspace/big bs=1M count=6").exit_code, 0);
  EXPECT_EQ(run_in(box, "stat -c %s /workspace/big").output, "5242880\n");
  const auto usage = backend_->disk_usage("box", ctx());
  ASSERT_TRUE(usage) << usage.error().to_string();
  EXPECT_GE(*usage, 5u << 20);
}

TEST_F(DockerIsolation, TheProcessLimitHolds) {
  LaunchParams wanted = params();
  wanted.limits.pids = 30;
  const Sandbox box = launched(wanted);
  EXPECT_THAT(
      run_in(box, "for i in $(echo 1 2 3 4 5 6 7 8 9 10); do for j in 1 2 3 4 5; do sleep 5 & done; done").output,
      HasSubstr("can't fork"));
  EXPECT_TRUE(waits_until([&] { return backend_->stats("box", ctx())->processes < 20; }));
  EXPECT_EQ(run_in(box, "echo alive").output, "alive\n");
}

TEST_F(DockerIsolation, TheEnginesSocketAndTheServersEnvironmentAreNotInside) {
  ASSERT_EQ(::setenv("GEMINI_API_KEY", "key-of-this-test", 1), 0);
  const Sandbox box = launched(params());
  EXPECT_THAT(run_in(box, "env; cat /proc/[0-9]*/environ").output, Not(HasSubstr("key-of-this-test")));
  EXPECT_EQ(run_in(box, "find / -name 'docker.sock' 2>/dev/null").output, "");
  EXPECT_THAT(dump_json(engine_json("/containers/" + container_name() + "/json")), Not(HasSubstr("key-of-this-test")));
  ::unsetenv("GEMINI_API_KEY");
}

TEST_F(DockerIsolation, SandboxesDoNotReachEachOther) {
  const Sandbox first = launched(params("first"));
  const Sandbox second = launched(params("second"));
  const std::string address =
      address_in(engine_json("/containers/" + container_name("first") + "/json"), network_name());
  run_in(first, "setsid nc -ll -p 7000 -e echo hello >/dev/null 2>&1 &");
  ASSERT_TRUE(waits_until([&] { return run_in(first, connect_command(address, 7000)).exit_code == 0; }));
  expect_out_of_reach(second, address, 7000);
  EXPECT_NE(run_in(second, "ping -c 1 -W 1 " + address).exit_code, 0);
  EXPECT_NE(run_in(second, "ls /proc/2/cwd/").exit_code, 0);
}

TEST_F(DockerIsolation, TheHostsListenersAreOutOfReach) {
  const Sandbox box = launched(params());
  const Listener listener = listen_on(htonl(INADDR_ANY));
  ASSERT_GT(listener.port, 0);
  for (const auto& address : machine_addresses()) expect_out_of_reach(box, address, listener.port);
}

// As of a server in a container, which shares the engine's socket and folders and none of its addresses.
TEST_F(DockerIsolation, TheHostsListenersAreOutOfReachThoughTheServerHasAnotherNetwork) {
  if (::geteuid() != 0) GTEST_SKIP() << "a network of its own needs root";
  std::optional<Sandbox> box;
  std::thread([&] {
    ASSERT_EQ(::unshare(CLONE_NEWNET), 0) << std::strerror(errno);
    box = launched(params());
  }).join();
  ASSERT_TRUE(box);
  const Listener listener = listen_on(htonl(INADDR_ANY));
  ASSERT_GT(listener.port, 0);
  for (const auto& address : machine_addresses()) expect_out_of_reach(*box, address, listener.port);
}

TEST_F(DockerIsolation, TheCredentialsThatCloudsGiveTheirMachinesAreOutOfReach) {
  const Sandbox box = launched(params());
  for (const char* host : {"169.254.169.254", "169.254.170.2", "100.100.100.200", "168.63.129.16"}) {
    const auto begin = std::chrono::steady_clock::now();
    EXPECT_EQ(run_in(box, connect_command(host, 80)).output, "connect: No route to host\n") << host;
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(2)) << "it fails at once";
    EXPECT_EQ(run_in(box, connect_command(host, 80, "eth0")).exit_code, 1) << host;
  }
}

// A machine beyond the host: a network namespace behind a link of its own.
class Neighbour {
 public:
  Neighbour() {
    run("ip netns add " + name_);
    run("ip link add " + link_ + " type veth peer name eth0 netns " + name_);
    run("ip addr add 198.51.100.1/30 dev " + link_ + " && ip link set " + link_ + " up");
    run("ip -n " + name_ + " addr add 198.51.100.2/30 dev eth0 && ip -n " + name_ + " link set eth0 up");
    net::SpawnOptions options;
    options.argv = {"ip", "netns", "exec", name_, stand_in_daemon(), "--listen", "198.51.100.2:7100"};
    auto server = net::spawn(options);
    EXPECT_TRUE(server) << server.error().to_string();
    if (server) server_ = std::move(*server);
  }
  ~Neighbour() {
    server_.kill_group();
    (void)server_.wait(with_timeout(std::chrono::seconds(5)));
    run("ip link delete " + link_);
    run("ip netns delete " + name_);
  }
  Neighbour(const Neighbour&) = delete;
  Neighbour& operator=(const Neighbour&) = delete;

 private:
  static void run(const std::string& command) { EXPECT_EQ(std::system(command.c_str()), 0) << command; }

  const std::string name_ = "ottobot-" + std::to_string(::getpid());
  const std::string link_ = "ottob" + std::to_string(::getpid());
  net::Process server_;
};

TEST_F(DockerIsolation, WhatIsBeyondTheHostIsReached) {
  if (::geteuid() != 0) GTEST_SKIP() << "a machine beyond this one can be played by root only";
  const Neighbour neighbour;
  const Sandbox box = launched(params());
  EXPECT_TRUE(waits_until([&] { return run_in(box, connect_command("198.51.100.2", 7100)).output == "connected\n"; }));
  expect_out_of_reach(box, "198.51.100.1", 7100);
}

TEST_F(DockerIsolation, WithoutANetworkThereIsLoopbackOnly) {
  options_.network = "none";
  backend_ = make_backend(options_);
  const Sandbox box = launched(params());
  EXPECT_EQ(run_in(box, "ls /sys/class/net").output, "lo\n");
}

}  // namespace
}  // namespace ottobot::containers
