#include "containers/local_fixture.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <fstream>
#include <sstream>

#include "net/process/unix_socket.hpp"
#include "ottobot/ids.hpp"
#include "skip.hpp"

namespace ottobot::containers {
namespace {

namespace fs = std::filesystem;

std::string slurp(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::string receive_all(int fd, const CallContext& ctx) {
  std::string text;
  while (ctx.check()) {
    pollfd wait{fd, POLLIN, 0};
    if (::poll(&wait, 1, 50) <= 0) continue;
    char buffer[16384];
    const ssize_t got = ::recv(fd, buffer, sizeof buffer, 0);
    if (got < 0 && errno == EAGAIN) continue;
    if (got <= 0) break;
    text.append(buffer, static_cast<std::size_t>(got));
  }
  return text;
}

}  // namespace

TemporaryFolder::TemporaryFolder() {
  std::string pattern = "/tmp/ottobot-local-XXXXXX";
  path_ = ::mkdtemp(pattern.data());
  fs::permissions(path_, fs::perms::owner_all | fs::perms::group_exec | fs::perms::others_exec);
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

std::string built_program(const std::string& name) {
  return fs::read_symlink("/proc/self/exe").parent_path().parent_path() / "bin" / name;
}

std::string stand_in_daemon() { return built_program("stand_in_daemon"); }

LocalBackendOptions local_options(const TemporaryFolder& folder, const std::string& instance) {
  LocalBackendOptions options;
  options.state_dir = folder.path() + "/state";
  options.runtime_dir = folder.path() + "/runtime";
  options.sandboxd_path = stand_in_daemon();
  options.instance = instance;
  return options;
}

std::string ask(const Endpoint& endpoint, const std::string& request, std::chrono::milliseconds timeout) {
  const CallContext ctx = with_timeout(timeout);
  auto socket = net::connect_endpoint(endpoint, ctx);
  if (!socket) return socket.error().to_string();
  if (::send(socket->get(), request.data(), request.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(request.size())) {
    return "cannot send";
  }
  return receive_all(socket->get(), ctx);
}

ShellResult run_in(const Sandbox& sandbox, const std::string& command, std::chrono::milliseconds timeout) {
  const std::string request = "POST /run HTTP/1.1\r\nContent-Length: " + std::to_string(command.size()) +
                              "\r\nConnection: close\r\n\r\n" + command;
  const std::string answer = ask(sandbox.endpoint, request, timeout);
  const auto body = answer.find("\r\n\r\n");
  const auto end = answer.rfind("\nexit=");
  if (body == std::string::npos || end == std::string::npos) return {-1, answer};
  return {std::atoi(answer.c_str() + end + 6), answer.substr(body + 4, end - body - 4)};
}

std::set<std::string> traces_of(const std::string& state_dir, const std::string& instance) {
  std::set<std::string> found;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator("/proc", ignored)) {
    const std::string pid = entry.path().filename();
    if (pid.find_first_not_of("0123456789") != std::string::npos || pid == std::to_string(::getpid())) continue;
    // No program of a sandbox names our folders, but all write to its log, and its mounts come from there.
    const std::string output = fs::read_symlink(entry.path() / "fd/1", ignored);
    if (output.rfind(state_dir + "/", 0) == 0 ||
        slurp(entry.path() / "mountinfo").find(state_dir + "/") != std::string::npos) {
      found.insert("process " + pid + " " + slurp(entry.path() / "comm"));
    }
  }
  const fs::path cgroups = "/sys/fs/cgroup";
  std::vector<fs::path> trees = {cgroups};
  for (const auto& controller : fs::directory_iterator(cgroups, ignored)) trees.push_back(controller.path());
  for (const auto& tree : trees) {
    if (fs::exists(tree / "ottobot" / instance, ignored))
      found.insert("cgroup " + (tree / "ottobot" / instance).string());
  }
  if (slurp("/proc/self/mountinfo").find(state_dir) != std::string::npos) found.insert("mount");
  return found;
}

void LocalSandboxTest::SetUp() {
  options_ = local_options(folder_, "test-" + new_id().substr(0, 8));
  auto backend = make_local_backend(options_);
  ASSERT_TRUE(backend) << backend.error().to_string();
  backend_ = std::move(*backend);
  if (auto probed = backend_->probe(ctx()); !probed) {
    backend_.reset();
    OTTOBOT_SKIP_UNLESS_CI("local sandboxes do not work here: " + probed.error().to_string());
  }
}

void SandboxdTest::SetUp() {
  LocalSandboxTest::SetUp();
  if (!backend_) return;
  options_.sandboxd_path = built_program("ottobot-sandboxd");
  backend_ = std::move(*make_local_backend(options_));
}

void LocalSandboxTest::TearDown() {
  if (!backend_) return;
  auto all = backend_->list({}, ctx());
  ASSERT_TRUE(all) << all.error().to_string();
  for (const auto& sandbox : *all) {
    auto removed = backend_->remove(sandbox.name, ctx());
    EXPECT_TRUE(removed) << removed.error().to_string();
  }
  EXPECT_EQ(traces_of(options_.state_dir, options_.instance), std::set<std::string>{});
}

LaunchParams LocalSandboxTest::params(const std::string& name) const {
  LaunchParams params;
  params.name = name;
  params.desktop = false;
  return params;
}

Sandbox LocalSandboxTest::launched(const LaunchParams& wanted) {
  auto sandbox = backend_->launch(wanted, nullptr, ctx());
  EXPECT_TRUE(sandbox) << sandbox.error().to_string();
  return sandbox.value_or(Sandbox{});
}

}  // namespace ottobot::containers
