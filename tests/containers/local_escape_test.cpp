// What a hostile program in a sandbox tries first: the kernel's doors, the host's sockets, memory and the endpoint.
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <fstream>

#include "containers/local_fixture.hpp"
#include "net/process/unix_socket.hpp"
#include "net/unique_fd.hpp"

namespace ottobot::containers {
namespace {

namespace fs = std::filesystem;
using LocalEscape = LocalSandboxTest;
using ::testing::HasSubstr;
using ::testing::Not;

// `body` may call attempt("name", call…) with libc's functions, which prints the name, and the errno when it failed.
std::string python(const std::string& body) {
  return "python3 - <<'EOF'\n"
         "import ctypes, os, socket\n"
         "libc = ctypes.CDLL(None, use_errno=True)\n"
         "def attempt(name, function, *args):\n"
         "    ctypes.set_errno(0)\n"
         "    print(name, ctypes.get_errno() if function(*args) == -1 else 'done')\n" +
         body + "EOF";
}

TEST_F(LocalEscape, TheMountTableDevicesAndTheHostsNameCannotBeChanged) {
  const Sandbox box = launched(params());
  const auto tried =
      run_in(box, python("os.makedirs('/tmp/d', exist_ok=True)\n"
                         "attempt('mount', libc.mount, b'none', b'/tmp/d', b'tmpfs', 0, None)\n"
                         "attempt('bind', libc.mount, b'/usr', b'/tmp/d', None, 4096, None)\n"
                         "attempt('remount', libc.mount, None, b'/usr', None, 32 | 4096, None)\n"
                         "attempt('umount', libc.umount2, b'/home/developer/workspace', 2)\n"
                         "attempt('umount proc', libc.umount2, b'/proc', 2)\n"
                         "attempt('pivot_root', libc.syscall, 155, b'/tmp', b'/tmp/d')\n"
                         "attempt('chroot', libc.chroot, b'/tmp')\n"
                         "attempt('disk', libc.mknod, b'/tmp/disk', 0o60666, 0xfe00)\n"
                         "attempt('mem', libc.mknod, b'/tmp/mem', 0o20666, 0x101)\n"
                         "attempt('hostname', libc.sethostname, b'x', 1)\n"
                         "attempt('setuid', libc.setuid, 0)\n"
                         "attempt('setns', libc.setns, os.open('/proc/self/ns/mnt', os.O_RDONLY), 0)\n"));
  EXPECT_EQ(tried.output,
            "mount 1\nbind 1\nremount 1\numount 1\numount proc 1\npivot_root 1\nchroot 1\ndisk 1\nmem 1\nhostname 1\n"
            "setuid 22\nsetns 1\n");
}

TEST_F(LocalEscape, OnlySocketsThatANetworkNamespaceConfinesCanBeMade) {
  const Sandbox box = launched(params());
  const auto tried = run_in(box, python("def make(name, family, kind, protocol=0):\n"
                                        "    try:\n"
                                        "        socket.socket(family, kind, protocol).close(); print(name, 'made')\n"
                                        "    except OSError as error: print(name, error.errno)\n"
                                        "for family in range(3, 46):\n"
                                        "    if family not in (10, 16): make(family, family, socket.SOCK_STREAM)\n"
                                        "make('raw', socket.AF_INET, socket.SOCK_RAW, 1)\n"
                                        "make('unix', socket.AF_UNIX, socket.SOCK_STREAM)\n"
                                        "make('inet', socket.AF_INET, socket.SOCK_STREAM)\n"
                                        "make('inet6', socket.AF_INET6, socket.SOCK_DGRAM)\n"
                                        "make('netlink', socket.AF_NETLINK, socket.SOCK_RAW)\n"));
  std::string expected;
  for (int family = 3; family < 46; ++family) {
    if (family != AF_INET6 && family != AF_NETLINK) expected += std::to_string(family) + " 1\n";
  }
  EXPECT_EQ(tried.output, expected + "raw 1\nunix made\ninet made\ninet6 made\nnetlink made\n");
}

#ifdef __x86_64__
TEST_F(LocalEscape, TheOlderSystemCallInterfaceIsNoWayAround) {
  const Sandbox box = launched(params());
  std::ofstream(sandbox_folder() + "/workspace/old.c")
      << "#define _GNU_SOURCE\n#include <signal.h>\n#include <stdio.h>\n#include <sys/mman.h>\n#include <unistd.h>\n"
         "static void none(int signal) { _exit(write(1, \"none\\n\", 5) != 5); }\n"
         "static int call(int number, long first, long second) {\n"
         "  int result;\n"
         "  __asm__ volatile(\"int $0x80\" : \"=a\"(result) : \"a\"(number), \"b\"(first), \"c\"(second), \"d\"(0)\n"
         "                   : \"memory\");\n"
         "  return result;\n}\n"
         "int main(void) {\n"
         "  signal(SIGSEGV, none);\n"  // what a kernel without that interface says
         "  int* low = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);\n"
         "  low[0] = 40; low[1] = 1; low[2] = 0;\n"
         "  printf(\"vsock %d\\n\", call(102, 1, (long)low));\n"
         "  printf(\"mount %d\\n\", call(21, (long)low, (long)low));\n"
         "  printf(\"unshare %d\\n\", call(310, 0x10000000, 0));\n"
         "  return 0;\n}\n";
  const auto tried = run_in(box, "cd /tmp && gcc -o old ~/workspace/old.c && ./old");
  EXPECT_THAT(tried.output, ::testing::AnyOf("vsock -1\nmount -1\nunshare -1\n", "none\n"));
}
#endif

TEST_F(LocalEscape, TheHostsAbstractSocketsAreOutOfReach) {
  const Sandbox box = launched(params());
  const std::string name = "ottobot-test-" + options_.instance;
  net::UniqueFd listener(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path + 1, name.data(), name.size());
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
  ASSERT_EQ(::bind(listener.get(), reinterpret_cast<sockaddr*>(&address), size), 0);
  ASSERT_EQ(::listen(listener.get(), 1), 0);
  const auto tried = run_in(box, python("s = socket.socket(socket.AF_UNIX)\n"
                                        "print(s.connect_ex('\\0" +
                                        name + "'))\n"));
  EXPECT_EQ(tried.output, std::to_string(ECONNREFUSED) + "\n");
}

TEST_F(LocalEscape, NothingOfTheHostsUsersAndKeysIsInEtc) {
  const Sandbox box = launched(params());
  for (const char* name : {"shadow", "gshadow", "sudoers", "ssh", "machine-id", "fstab", "docker", "environment"}) {
    EXPECT_NE(run_in(box, std::string("ls -d /etc/") + name).exit_code, 0) << name;
  }
  EXPECT_EQ(run_in(box, "ls -A /etc/ssl/private 2>/dev/null | wc -l").output, "0\n");
  EXPECT_EQ(run_in(box, "find /etc -name '*.key' 2>/dev/null | wc -l").output, "0\n");
  char host[256] = {};
  ASSERT_EQ(::gethostname(host, sizeof host - 1), 0);
  EXPECT_THAT(run_in(box, "cat /etc/hosts /etc/hostname").output, Not(HasSubstr(host)));
}

TEST_F(LocalEscape, TheServersEnvironmentAndItsKeysStayOutside) {
  ASSERT_EQ(::setenv("GEMINI_API_KEY", "key-of-the-server", 1), 0);
  const Sandbox box = launched(params());
  ::unsetenv("GEMINI_API_KEY");
  const std::string seen = run_in(box, "env; cat /proc/[0-9]*/environ | tr '\\0' '\\n'").output;
  EXPECT_THAT(seen, HasSubstr("HOME=/home/developer"));
  EXPECT_THAT(seen, Not(HasSubstr("GEMINI")));
  EXPECT_THAT(seen, Not(HasSubstr("key-of-the-server")));
}

TEST_F(LocalEscape, FilledScratchSpaceSaysSoAndTheSandboxLives) {
  LaunchParams small = params();
  small.limits.memory_bytes = 128 << 20;
  const Sandbox box = launched(small);
  for (const char* place : {"/tmp", "/var/tmp", "~", "/dev/shm"}) {
    const auto filled = run_in(box, std::string("head -c 200M /dev/zero > ") + place + "/fill");
    EXPECT_THAT(filled.output, HasSubstr("No space left on device")) << place;
  }
  EXPECT_NE(run_in(box, "echo x > /dev/fill").exit_code, 0);
  EXPECT_EQ(run_in(box, "rm /tmp/fill ~/fill /dev/shm/fill; echo alive").output, "alive\n");
}

TEST_F(LocalEscape, AnEndpointThatWasSwappedIsNotFollowed) {
  const std::string host_socket = folder_.path() + "/host.sock";
  auto host = net::listen_unix(host_socket, 0666);
  ASSERT_TRUE(host) << host.error().to_string();
  const Sandbox box = launched(params());
  const std::string ours = "cd /run/ottobot && mv sandboxd.sock kept && ";
  const char* swaps[] = {"ln -s %HOST sandboxd.sock", "mkfifo sandboxd.sock", "mkdir sandboxd.sock",
                         "cp /etc/passwd sandboxd.sock", "ln -s /dev/zero sandboxd.sock"};
  const std::string back = fs::path(box.endpoint.url.substr(std::strlen("unix:"))).parent_path();
  for (std::string swap : swaps) {
    if (const auto at = swap.find("%HOST"); at != std::string::npos) swap.replace(at, 5, host_socket);
    ASSERT_EQ(run_in(box, ours + swap).exit_code, 0) << swap;
    const auto begin = std::chrono::steady_clock::now();
    const auto connected = net::connect_endpoint(box.endpoint, ctx());
    ASSERT_FALSE(connected) << swap;
    EXPECT_EQ(connected.error().code, ErrorCode::permission_denied) << swap << connected.error().to_string();
    // A server that starts now meets it as well.
    const auto again = make_local_backend(options_);
    ASSERT_TRUE(again);
    EXPECT_FALSE((*again)->launch(params(), nullptr, ctx())) << swap;
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(10)) << swap;
    fs::remove_all(back + "/sandboxd.sock");
    fs::rename(back + "/kept", back + "/sandboxd.sock");
  }
  EXPECT_EQ(run_in(box, "echo back").output, "back\n");
  EXPECT_LT(::accept4(host->get(), nullptr, nullptr, SOCK_CLOEXEC), 0) << "somebody was led to the host's socket";
}

TEST_F(LocalEscape, HardLinksAndLinksLeadNowhereOutside) {
  const Sandbox box = launched(params());
  const std::string secret = folder_.path() + "/secret";
  std::ofstream(secret) << "of the host";
  EXPECT_NE(run_in(box, "ln -s " + secret + " ~/workspace/soft && cat ~/workspace/soft").exit_code, 0);
  EXPECT_NE(run_in(box, "ln /usr/bin/env ~/workspace/hard").exit_code, 0);
  EXPECT_NE(run_in(box, "ln ~/workspace/../../../usr/bin/env ~/workspace/hard").exit_code, 0);
  EXPECT_NE(run_in(box, "ln /run/ottobot/sandboxd.sock ~/workspace/hard").exit_code, 0);
  EXPECT_NE(run_in(box, "cat ~/workspace/../../../../../.." + secret).exit_code, 0);
}

TEST_F(LocalEscape, KillingEverythingInSightEndsOnlyItself) {
  const Sandbox one = launched(params("one"));
  const Sandbox two = launched(params("two"));
  std::ifstream record(sandbox_folder("two") + "/sandbox.json");
  const std::string text((std::istreambuf_iterator<char>(record)), {});
  const auto json = parse_json(text);
  ASSERT_TRUE(json) << text;
  const std::int64_t init = get_int(*find_member(*json, "init"), "pid");
  ASSERT_GT(init, 1) << text;
  EXPECT_NE(run_in(one, "kill -9 " + std::to_string(init)).exit_code, 0);
  run_in(one, "kill -9 -1; kill -9 1");
  EXPECT_EQ(run_in(two, "echo unhurt").output, "unhurt\n");
}

}  // namespace
}  // namespace ottobot::containers
