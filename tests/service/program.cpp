#include "program.hpp"

#include <poll.h>
#include <unistd.h>

#include <system_error>

#include "ottobot/ids.hpp"

namespace ottobot::testing {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::seconds kStart{60};
constexpr std::chrono::seconds kRun{60};

Result<std::string> read_line(int fd, const CallContext& ctx) {
  std::string line;
  while (true) {
    pollfd waiting{fd, POLLIN, 0};
    if (::poll(&waiting, 1, static_cast<int>(ctx.remaining().count())) <= 0)
      return deadline_exceeded("no line: " + line);
    char c = 0;
    if (::read(fd, &c, 1) != 1) return unavailable("the program ended before its first line: " + line);
    if (c == '\n') return line;
    line += c;
  }
}

}  // namespace

ProgramHome::ProgramHome() : dir_(fs::temp_directory_path() / ("ottobot-program-" + new_id())) {
  fs::create_directories(dir_);
}

ProgramHome::~ProgramHome() {
  std::error_code ignored;
  fs::remove_all(dir_, ignored);
}

std::map<std::string, std::string> ProgramHome::environment() const {
  return {{"PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"},
          {"HOME", dir_.string()},
          {"OTTOBOT_DATA_DIR", (dir_ / "data").string()},
          {"VNC_PORT_RANGE_START", "0"},
          {"VNC_PORT_RANGE_END", "0"},
          {"MCP_PORT_RANGE_START", "0"},
          {"MCP_PORT_RANGE_END", "0"}};
}

net::SpawnOptions ProgramHome::options(std::vector<std::string> arguments) const {
  net::SpawnOptions options;
  options.argv = std::move(arguments);
  options.argv.insert(options.argv.begin(), OTTOBOT_PROGRAM);
  options.env = environment();
  options.cwd = dir_.string();
  return options;
}

Result<net::RunResult> ProgramHome::run(std::vector<std::string> arguments) const {
  return net::run(options(std::move(arguments)), with_timeout(kRun));
}

Result<std::unique_ptr<RunningProgram>> RunningProgram::start(const ProgramHome& home,
                                                              std::vector<std::string> arguments,
                                                              const std::string& sign) {
  auto options = home.options(std::move(arguments));
  auto pipe = net::make_pipe();
  if (!pipe) return fail(pipe.error());
  options.stdout_fd = pipe->second.get();
  auto process = net::spawn(options);
  if (!process) return fail(process.error());
  auto program = std::make_unique<RunningProgram>();
  program->process_ = std::move(*process);
  program->out_ = std::move(pipe->first);
  pipe->second.reset();
  const auto ctx = with_timeout(kStart);
  do {
    auto line = read_line(program->out_.get(), ctx);
    if (!line) return fail(line.error());
    program->line_ = std::move(*line);
  } while (program->line_.find(sign) == std::string::npos);
  return program;
}

Result<std::unique_ptr<RunningProgram>> RunningProgram::serve(const ProgramHome& home,
                                                              std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "serve");
  return start(home, std::move(arguments), "");
}

RunningProgram::~RunningProgram() {
  if (process_.pid() <= 0 || process_.try_wait()) return;
  process_.kill_group(SIGTERM);
  if (process_.wait(with_timeout(std::chrono::seconds(20)))) return;
  process_.kill_group(SIGKILL);
  (void)process_.wait(with_timeout(std::chrono::seconds(10)));
}

std::string RunningProgram::url() const { return line_.substr(line_.rfind(' ') + 1); }

void RunningProgram::signal(int number) const { process_.kill_group(number); }

Result<net::ExitStatus> RunningProgram::wait(std::chrono::milliseconds timeout) {
  return process_.wait(with_timeout(timeout));
}

}  // namespace ottobot::testing
