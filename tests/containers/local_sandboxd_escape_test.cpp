// Attacks on the real ottobot-sandboxd by the commands that it runs, through its tools.
#include <fstream>

#include "containers/local_fixture.hpp"
#include "containers/sandbox_tools.hpp"

namespace ottobot::containers {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class LocalSandboxdEscape : public SandboxdTest {
 protected:
  void enter(const LaunchParams& wanted) {
    box_ = launched(wanted);
    tools_ = std::make_unique<SandboxTools>(box_);
  }

  std::string use(const std::string& tool, const Json& arguments) { return tools_->use(tool, arguments); }
  std::string run(const std::string& command) { return tools_->run(command); }

  Sandbox box_;
  std::unique_ptr<SandboxTools> tools_;
};

TEST_F(LocalSandboxdEscape, TheDaemonsProcessesShowNothingOfThemselves) {
  enter(params());
  const std::string seen =
      run("for p in 1 2; do cat /proc/$p/environ /proc/$p/mem /proc/$p/auxv; ls /proc/$p/fd/ /proc/$p/root/ "
          "/proc/$p/cwd/ /proc/$p/map_files/; done >/tmp/seen 2>/dev/null; wc -c < /tmp/seen");
  EXPECT_THAT(seen, HasSubstr("\"stdout\":\"0\\n\"")) << seen;
  const std::string attached =
      run("python3 - <<'EOF'\n"
          "import ctypes\n"
          "libc = ctypes.CDLL(None, use_errno=True)\n"
          "for pid in (1, 2):\n"
          "    attach = libc.ptrace(16, pid, 0, 0), ctypes.get_errno()\n"
          "    seize = libc.ptrace(0x4206, pid, 0, 0), ctypes.get_errno()\n"
          "    handle = libc.syscall(434, pid, 0)\n"
          "    borrowed = libc.syscall(438, handle, 1, 0), ctypes.get_errno()\n"
          "    print(attach, seize, borrowed)\n"
          "EOF");
  EXPECT_THAT(attached, HasSubstr("(-1, 1) (-1, 1) (-1, 1)\\n(-1, 1) (-1, 1) (-1, 1)\\n")) << attached;
}

TEST_F(LocalSandboxdEscape, ItsTokenIsInNothingThatACommandCanRead) {
  enter(params());
  const std::string half = box_.endpoint.token.substr(0, box_.endpoint.token.size() / 2);
  // Told in two parts, so that only the search's own pattern has it whole, which is also what proves the search.
  const std::string rest = box_.endpoint.token.substr(half.size());
  std::ofstream(sandbox_folder() + "/workspace/a") << half;
  std::ofstream(sandbox_folder() + "/workspace/b") << rest;
  const std::string found =
      run("cat a b > /tmp/needle; rm a b; env > /tmp/env; cat /proc/*/environ /proc/*/cmdline > /tmp/proc 2>/dev/null; "
          "grep -raFlf /tmp/needle /run/ottobot /home /tmp /etc /opt 2>/dev/null");
  EXPECT_THAT(found, HasSubstr("\"stdout\":\"/tmp/needle\\n\"")) << found;
}

TEST_F(LocalSandboxdEscape, FileToolsAndDownloadsStayInTheWorkspace) {
  enter(params());
  ASSERT_THAT(run("ln -s /etc/passwd soft; ln -s / root; ln -s /proc/self/environ env; echo mine > own; echo done"),
              HasSubstr("done"));
  auto client = net::make_http_client();
  ASSERT_TRUE(client);
  for (const char* path : {"/files/soft", "/files/root/etc/passwd", "/files/env", "/files/../.bashrc",
                           "/files/%2e%2e/%2e%2e/etc/passwd", "/files//etc/passwd"}) {
    auto answer = (*client)->fetch(net::request_to(box_.endpoint, "GET", path), ctx());
    ASSERT_TRUE(answer) << path << answer.error().to_string();
    EXPECT_GE(answer->status, 400) << path;
    EXPECT_THAT(answer->body, Not(HasSubstr("nologin"))) << path;
  }
  auto archive = (*client)->fetch(net::request_to(box_.endpoint, "GET", "/archive"), ctx());
  ASSERT_TRUE(archive) << archive.error().to_string();
  EXPECT_THAT(archive->body, HasSubstr("own"));
  EXPECT_THAT(archive->body, Not(HasSubstr("root/etc")));
}

TEST_F(LocalSandboxdEscape, AForkBombIsSeenAndKilledThroughTheTools) {
  LaunchParams limited = params();
  limited.limits.pids = 60;
  enter(limited);
  const std::string started =
      use("execute_command_async", {{"command", "bomb() { while :; do bomb & sleep 0.2; done; }; bomb 2>/dev/null"}});
  ASSERT_THAT(started, HasSubstr("p1")) << started;
  const auto refused = [&] { return run("true").find("cannot start a process") != std::string::npos; };
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (!refused() && std::chrono::steady_clock::now() < deadline) {
  }
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_THAT(use("list_processes", Json::object()), HasSubstr("bomb"));
  EXPECT_THAT(use("kill_process", {{"process_id", "p1"}}), HasSubstr("Killed"));
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(5));
  // Until the dead are reaped they count.
  while (refused() && std::chrono::steady_clock::now() < begin + std::chrono::seconds(10)) {
  }
  EXPECT_THAT(run("echo alive"), HasSubstr("alive\\n"));
}

TEST_F(LocalSandboxdEscape, AMemoryHogDoesNotTakeTheDaemonWithIt) {
  LaunchParams limited = params();
  limited.limits.memory_bytes = 512 << 20;
  enter(limited);
  EXPECT_THAT(run("python3 -c \"x = bytearray(800 << 20); print('eaten', len(x))\""), Not(HasSubstr("eaten ")));
  // Each alone is larger than the daemon before there is no more, also than one built with a sanitizer.
  EXPECT_THAT(run("for i in 1 2; do head -c 400M /dev/zero | tail -c 400M & done >/dev/null; wait; echo over"),
              HasSubstr("over"));
  EXPECT_THAT(run("head -c 800M /dev/zero > /tmp/fill; echo alive"), HasSubstr("alive"));
}

}  // namespace
}  // namespace ottobot::containers
