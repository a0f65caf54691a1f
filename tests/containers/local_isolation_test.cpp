// What a sandbox can see and do of the host.
#include <unistd.h>

#include <fstream>

#include "containers/local/launcher_child.hpp"
#include "containers/local_fixture.hpp"
#include "skip.hpp"

namespace ottobot::containers {
namespace {

using LocalIsolation = LocalSandboxTest;
using ::testing::HasSubstr;
using ::testing::Not;

std::string connect_command(const std::string& host, int port) {
  return "timeout 3 bash -c 'exec 3<>/dev/tcp/" + host + "/" + std::to_string(port) + "' && echo connected";
}

TEST_F(LocalIsolation, TheAgentIsAnOrdinaryUserWithoutPowers) {
  const Sandbox box = launched(params());
  EXPECT_THAT(run_in(box, "id").output, HasSubstr("uid=1000(developer) gid=1000(developer) groups=1000(developer)"));
  const std::string status = run_in(box, "cat /proc/self/status").output;
  EXPECT_THAT(status, HasSubstr("CapPrm:\t0000000000000000"));
  EXPECT_THAT(status, HasSubstr("CapBnd:\t0000000000000000"));
  EXPECT_THAT(status, HasSubstr("NoNewPrivs:\t1"));
  EXPECT_THAT(status, HasSubstr("Seccomp:\t2"));
}

TEST_F(LocalIsolation, TheHostsProcessesAreOutOfSight) {
  const Sandbox box = launched(params());
  const std::string pids = run_in(box, "ls -d /proc/[0-9]* | wc -l").output;
  EXPECT_LT(std::atoi(pids.c_str()), 8);
  EXPECT_NE(run_in(box, "kill -0 " + std::to_string(::getpid())).exit_code, 0);
  EXPECT_THAT(run_in(box, "cat /proc/1/comm").output, HasSubstr("ottobot-sandbox"));
}

TEST_F(LocalIsolation, TheHostsFilesAreOutOfSight) {
  const Sandbox box = launched(params());
  EXPECT_NE(run_in(box, "ls /root").exit_code, 0);
  EXPECT_NE(run_in(box, "ls " + folder_.path()).exit_code, 0);
  EXPECT_NE(run_in(box, "cat /etc/shadow").exit_code, 0);
  EXPECT_NE(run_in(box, "ls /sys/fs/cgroup").exit_code, 0);
  EXPECT_THAT(run_in(box, "ls / | tr '\\n' ' '").output, Not(HasSubstr("root")));
  EXPECT_EQ(run_in(box, "grep -c . /etc/passwd").output, "3\n");
}

TEST_F(LocalIsolation, OnlyWorkspaceHomeAndTmpCanBeWritten) {
  const Sandbox box = launched(params());
  for (const char* place : {"/usr/x", "/usr/bin/x", "/etc/x", "/x", "/opt/ottobot/x", "/etc/passwd"}) {
    EXPECT_NE(run_in(box, std::string("echo x >> ") + place).exit_code, 0) << place;
  }
  for (const char* place : {"/tmp/x", "/var/tmp/x", "~/x", "~/workspace/x", "/dev/shm/x"}) {
    EXPECT_EQ(run_in(box, std::string("echo x >> ") + place).exit_code, 0) << place;
  }
  std::string text;
  std::getline(std::ifstream(sandbox_folder() + "/workspace/x") >> std::ws, text);
  EXPECT_EQ(text, "x");
}

TEST_F(LocalIsolation, ItsTokenIsInNoProcessListOfTheHost) {
  const Sandbox box = launched(params());
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    std::ifstream file(entry.path() / "cmdline", std::ios::binary);
    const std::string words((std::istreambuf_iterator<char>(file)), {});
    EXPECT_THAT(words, Not(HasSubstr(box.endpoint.token)));
  }
}

TEST_F(LocalIsolation, SetuidProgramsGiveNothing) {
  const Sandbox box = launched(params());
  EXPECT_NE(run_in(box, "su -c id root").exit_code, 0);
  EXPECT_THAT(run_in(box, "cp /bin/sh /tmp/s && chmod u+s /tmp/s && /tmp/s -c 'id -u'").output, HasSubstr("1000"));
}

TEST_F(LocalIsolation, NamespacesMountsAndKernelInterfacesAreRefused) {
  const Sandbox box = launched(params());
  EXPECT_THAT(run_in(box, "unshare -U true").output, HasSubstr("Operation not permitted"));
  EXPECT_THAT(run_in(box, "unshare -Urm true").output, HasSubstr("Operation not permitted"));
  EXPECT_NE(run_in(box, "mount -t tmpfs none /tmp").exit_code, 0);
  const char* python =
      "python3 - <<'EOF'\n"
      "import ctypes, socket\n"
      "libc = ctypes.CDLL(None, use_errno=True)\n"
      "for number in (321, 298, 250, 323, 425):\n"  // bpf, perf_event_open, keyctl, userfaultfd, io_uring_setup
      "    print(number, libc.syscall(number, 0, 0, 0, 0, 0), ctypes.get_errno())\n"
      "try:\n    socket.socket(40, socket.SOCK_STREAM); print('vsock')\n"
      "except OSError as e: print('vsock', e.errno)\n"
      "EOF";
  EXPECT_EQ(run_in(box, python).output, "321 -1 1\n298 -1 1\n250 -1 1\n323 -1 1\n425 -1 1\nvsock 1\n");
}

TEST_F(LocalIsolation, OrdinaryToolsWork) {
  const Sandbox box = launched(params());
  const auto built =
      run_in(box,
             "cd ~/workspace && printf '#include <thread>\\n#include <cstdio>\\nint main(){std::thread t([]"
             "{puts(\"built\");});t.join();}' > a.cpp && g++ -pthread a.cpp -o a && ./a");
  EXPECT_THAT(built.output, HasSubstr("built"));
  EXPECT_THAT(run_in(box, "cd ~/workspace && git init -q . && git status --short").output, HasSubstr("a.cpp"));
  EXPECT_EQ(run_in(box, "node -e 'setTimeout(()=>console.log(6*7),1)' || echo 42").output.substr(0, 2), "42");
  EXPECT_THAT(run_in(box, "strace -f -o /dev/null true 2>&1; hostname").output, HasSubstr("ottobot"));
}

TEST_F(LocalIsolation, TheHostsLoopbackIsOutOfReach) {
  const Sandbox box = launched(params());
  const Listener listener = listen_on(htonl(INADDR_LOOPBACK));
  ASSERT_GT(listener.port, 0);
  for (const char* host : {"127.0.0.1", "10.0.2.2", "localhost"}) {
    EXPECT_THAT(run_in(box, connect_command(host, listener.port)).output, Not(HasSubstr("connected"))) << host;
  }
}

// Why this host gives a sandbox no network; empty when it does.
std::string missing_network(const Sandbox& box) {
  for (const auto& warning : box.warnings) {
    if (warning.rfind("no network", 0) == 0) return warning;
  }
  return {};
}

TEST_F(LocalIsolation, ServersBeyondTheHostsLoopbackCanBeReached) {
  const Sandbox box = launched(params());
  if (const auto why = missing_network(box); !why.empty()) OTTOBOT_SKIP_UNLESS_CI(why);
  const in_addr_t address = outer_address();
  if (address == 0) GTEST_SKIP() << "this host has no address but loopback";
  const Listener listener = listen_on(address);
  ASSERT_GT(listener.port, 0);
  EXPECT_THAT(run_in(box, connect_command(text_of(address), listener.port)).output, HasSubstr("connected"));
}

// "113" is EHOSTUNREACH, and comes at once: no packet leaves the sandbox.
std::string connect_errno(const std::string& host, int port) {
  return "python3 -c \"import socket; s=socket.socket(); s.settimeout(3); print(s.connect_ex(('" + host + "', " +
         std::to_string(port) + ")))\"";
}

TEST_F(LocalIsolation, TheCredentialsThatCloudsGiveTheirMachinesAreOutOfReach) {
  const Sandbox box = launched(params());
  if (const auto why = missing_network(box); !why.empty()) OTTOBOT_SKIP_UNLESS_CI(why);
  for (const char* host : {"169.254.169.254", "169.254.170.2", "100.100.100.200", "168.63.129.16"}) {
    EXPECT_EQ(run_in(box, connect_errno(host, 80)).output, "113\n") << host;
  }
  EXPECT_NE(run_in(box, "ip route del unreachable 169.254.0.0/16").exit_code, 0);
}

TEST_F(LocalIsolation, TheHostsOwnAddressesAreOutOfReachWhenAsked) {
  const in_addr_t address = outer_address();
  if (address == 0) GTEST_SKIP() << "this host has no address but loopback";
  options_.host_reachable = false;
  backend_ = std::move(*make_local_backend(options_));
  const Sandbox box = launched(params());
  if (const auto why = missing_network(box); !why.empty()) OTTOBOT_SKIP_UNLESS_CI(why);
  const Listener listener = listen_on(address);
  ASSERT_GT(listener.port, 0);
  EXPECT_EQ(run_in(box, connect_errno(text_of(address), listener.port)).output, "113\n");
}

TEST_F(LocalIsolation, WithoutEgressThereIsOnlyLoopback) {
  options_.egress = false;
  backend_ = std::move(*make_local_backend(options_));
  const Sandbox box = launched(params());
  EXPECT_EQ(run_in(box, "ls /sys/class/net 2>/dev/null; cat /proc/net/dev | grep -c :").output, "1\n");
}

TEST_F(LocalIsolation, WithoutEgressNoDescriptorOfTheServerStandsInForTheLifeline) {
  options_.egress = false;
  backend_ = std::move(*make_local_backend(options_));
  const Sandbox box = launched(params());
  EXPECT_EQ(run_in(box, "readlink /proc/self/fd/" + std::to_string(kLifelineFd) + " || echo none").output, "none\n");
}

TEST_F(LocalIsolation, SandboxesDoNotReachEachOther) {
  const Sandbox one = launched(params("one"));
  const Sandbox two = launched(params("two"));
  EXPECT_NE(one.endpoint.url, two.endpoint.url);
  if (::geteuid() == 0) {
    EXPECT_NE(one.endpoint.peer_uid, two.endpoint.peer_uid);
  }
  ASSERT_EQ(run_in(one,
                   "setsid -f socat ABSTRACT-LISTEN:shared,fork EXEC:/bin/true 2>/dev/null || setsid -f python3 -c "
                   "\"import socket,time; s=socket.socket(socket.AF_UNIX); s.bind('\\0shared'); s.listen(); "
                   "time.sleep(20)\" >/dev/null 2>&1; echo mine > /tmp/mine")
                .exit_code,
            0);
  const char* reach =
      "python3 -c \"import socket; s=socket.socket(socket.AF_UNIX); s.connect('\\0shared'); print('connected')\"";
  EXPECT_THAT(run_in(two, reach).output, Not(HasSubstr("connected")));
  EXPECT_NE(run_in(two, "cat /tmp/mine").exit_code, 0);
  EXPECT_NE(run_in(two, "pgrep -f s[h]ared").exit_code, 0);
}

TEST_F(LocalIsolation, TheProcessLimitHolds) {
  LaunchParams limited = params();
  limited.limits.pids = 40;
  const Sandbox box = launched(limited);
  run_in(box, "i=0; while [ $i -lt 400 ]; do sleep 60 & i=$((i+1)); done; wait", std::chrono::seconds(2));
  auto used = backend_->stats("box", ctx());
  ASSERT_TRUE(used) << used.error().to_string();
  EXPECT_LE(used->processes, 42u);
  const auto begin = std::chrono::steady_clock::now();
  ASSERT_TRUE(backend_->remove("box", ctx()));
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(5));
}

TEST_F(LocalIsolation, TheMemoryLimitEndsTheProcessAndNotTheSandbox) {
  LaunchParams limited = params();
  limited.limits.memory_bytes = 64 << 20;
  const Sandbox box = launched(limited);
  const auto eaten = run_in(box, "python3 -c \"x = bytearray(400 << 20); print('eaten', len(x))\"");
  EXPECT_THAT(eaten.output, Not(HasSubstr("eaten")));
  EXPECT_NE(eaten.exit_code, 0);
  EXPECT_EQ(run_in(box, "echo alive").output, "alive\n");
}

}  // namespace
}  // namespace ottobot::containers
