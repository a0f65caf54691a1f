// An MCP server as a child process: started here, and ended with the transport.
#include "mcp/transports/stream_client_transport.hpp"
#include "net/process/spawn.hpp"
#include "ottobot/mcp/transports.hpp"

namespace ottobot::mcp {

namespace {

constexpr std::chrono::milliseconds kTermTimeout{1000};
constexpr std::chrono::milliseconds kKillTimeout{1000};

class StdioClientTransport final : public StreamClientTransport {
 public:
  StdioClientTransport(net::UniqueFd in, net::UniqueFd out, net::Process process,
                       std::chrono::milliseconds exit_timeout)
      : StreamClientTransport(std::move(in), std::move(out)),
        process_(std::move(process)),
        exit_timeout_(exit_timeout) {}
  ~StdioClientTransport() override { StdioClientTransport::close(); }

  // The end of its input tells the server to end; one that does not is made to.
  void close() override {
    StreamClientTransport::close();
    std::lock_guard lock(mutex_);
    if (ended_) return;
    ended_ = true;
    if (process_.wait(with_timeout(exit_timeout_))) return process_.kill_group(SIGKILL);  // what it left behind
    process_.kill_group(SIGTERM);
    const bool obeyed = process_.wait(with_timeout(kTermTimeout)).has_value();
    process_.kill_group(SIGKILL);
    if (!obeyed) (void)process_.wait(with_timeout(kKillTimeout));
  }

 private:
  std::mutex mutex_;  // guards process_ and ended_
  net::Process process_;
  const std::chrono::milliseconds exit_timeout_;
  bool ended_ = false;
};

}  // namespace

Result<std::unique_ptr<McpTransport>> make_stdio_transport(const StdioTransportOptions& options) {
  auto input = net::make_pipe();
  if (!input) return fail(input.error());
  auto output = net::make_pipe();
  if (!output) return fail(output.error());
  net::SpawnOptions spawn;
  spawn.argv = options.argv;
  spawn.env = options.env;
  spawn.cwd = options.cwd;
  spawn.stdin_fd = input->first.get();
  spawn.stdout_fd = output->second.get();
  spawn.stderr_fd = options.stderr_fd;
  auto process = net::spawn(spawn);
  if (!process) return fail(process.error());
  return std::make_unique<StdioClientTransport>(std::move(output->first), std::move(input->second), std::move(*process),
                                                options.exit_timeout);
}

}  // namespace ottobot::mcp
