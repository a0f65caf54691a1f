#include "sandboxd/process_table.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "ottobot/json.hpp"

namespace ottobot::sandboxd {
namespace {

constexpr std::chrono::milliseconds kGrace{100};
constexpr std::size_t kMaxShellArgument = 100'000;  // the kernel takes 128 KiB
constexpr int kMaxReadsPerTurn = 16;                // so that one loud process does not starve the others

// A pipe whose read end does not block.
Result<std::pair<net::UniqueFd, net::UniqueFd>> make_output_pipe() {
  auto pipe = net::make_pipe();
  if (pipe) ::fcntl(pipe->first.get(), F_SETFL, O_NONBLOCK);
  return pipe;
}

std::string outcome_text(const net::ExitStatus& status) {
  if (status.signal != 0) return "killed by signal " + std::to_string(status.signal);
  return "exit " + std::to_string(status.code);
}

// Both are removed when the process is forgotten.
std::string output_path(const std::string& output_folder, const std::string& id) {
  return output_folder + "/" + id + ".log";
}
std::string script_path(const std::string& output_folder, const std::string& id) {
  return output_folder + "/" + id + ".sh";
}

Result<void> write_script(const std::string& path, std::string_view text) {
  net::UniqueFd file(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  if (!file) return errno_error("the command's script " + path, errno);
  while (!text.empty()) {
    ssize_t written = ::write(file.get(), text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return errno_error("the command's script " + path, errno);
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

Result<std::vector<std::string>> shell_arguments(const std::string& shell, const std::string& command,
                                                 const std::string& script) {
  const bool is_bash = shell == "/bin/bash";
  if (command.size() <= kMaxShellArgument) return std::vector<std::string>{shell, is_bash ? "-lc" : "-c", command};
  if (auto written = write_script(script, command); !written) return fail(written.error());
  return is_bash ? std::vector<std::string>{shell, "-l", script} : std::vector<std::string>{shell, script};
}

}  // namespace

void terminate_group(pid_t pgid) {
  if (pgid <= 1 || ::kill(-pgid, SIGTERM) != 0) return;
  auto deadline = std::chrono::steady_clock::now() + kGrace;
  while (std::chrono::steady_clock::now() < deadline) {
    if (::kill(-pgid, 0) != 0) return;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  ::kill(-pgid, SIGKILL);
}

ProcessTable::ProcessTable(ProcessTableOptions options)
    : options_(std::move(options)),
      shell_(::access("/bin/bash", X_OK) == 0 ? "/bin/bash" : "/bin/sh"),
      wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      pump_([this] { pump(); }) {}

ProcessTable::~ProcessTable() {
  for (const auto& process : list()) {
    if (process->has_group()) ::kill(-process->pid(), SIGTERM);
  }
  auto deadline = std::chrono::steady_clock::now() + kGrace;
  CallContext grace;
  grace.deadline = deadline;
  for (const auto& process : list()) {
    process->wait_end(grace);
    if (process->has_group()) ::kill(-process->pid(), SIGKILL);
  }
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake();
  pump_.join();
}

void ProcessTable::wake() const {
  std::uint64_t one = 1;
  [[maybe_unused]] ssize_t written = ::write(wake_.get(), &one, sizeof one);
}

Result<std::shared_ptr<ManagedProcess>> ProcessTable::start(CommandSpec spec) {
  auto out = make_output_pipe();
  auto err = make_output_pipe();
  auto input = net::make_pipe();
  if (!out || !err || !input) return fail((!out ? out : !err ? err : input).error());
  std::lock_guard lock(mutex_);
  auto running = std::count_if(processes_.begin(), processes_.end(), [](const auto& p) { return p->running(); });
  if (static_cast<std::size_t>(running) >= options_.max_running) {
    return resource_exhausted(std::to_string(running) + " commands are running already: no more can be started",
                              "end some with kill_process");
  }
  std::string id = "p" + std::to_string(next_++);
  auto folder = options_.output_folder;
  std::shared_ptr<ManagedProcess> process(new ManagedProcess(id, std::move(spec), output_path(folder, id)));
  net::SpawnOptions spawn;
  auto argv = shell_arguments(shell_, process->spec_.command, script_path(folder, id));
  if (!argv) return fail(argv.error());
  spawn.argv = std::move(*argv);
  spawn.env = options_.environment;
  spawn.cwd = process->spec_.folder;
  spawn.stdin_fd = process->spec_.with_input ? input->first.get() : -1;
  spawn.stdout_fd = out->second.get();
  spawn.stderr_fd = err->second.get();
  spawn.new_session = true;
  auto child = net::spawn(spawn);
  if (!child) return fail(child.error());
  process->pid_ = child->pid();
  process->process_ = std::move(*child);
  process->out_ = std::move(out->first);
  process->err_ = std::move(err->first);
  if (process->spec_.with_input) {
    ::fcntl(input->second.get(), F_SETFL, O_NONBLOCK);
    process->input_ = std::move(input->second);
  }
  if (options_.console != nullptr) {
    options_.console->command_started(id, process->spec_.folder, process->spec_.command);
  }
  processes_.push_back(process);
  forget_old();
  wake();
  return process;
}

// Under mutex_. One whose children still write is kept longer: they would be hit by SIGPIPE.
void ProcessTable::forget_old() {
  forget(options_.max_finished, false);
  forget(options_.max_left_behind, true);
}

// Under mutex_. Files of forgotten outputs go too: the run folder may be memory.
void ProcessTable::forget(std::size_t most, bool with_group) {
  auto finished = [with_group](const auto& process) {
    return !process->running() && process->has_group() == with_group;
  };
  auto count = static_cast<std::size_t>(std::count_if(processes_.begin(), processes_.end(), finished));
  for (; count > most; --count) {
    auto oldest = std::find_if(processes_.begin(), processes_.end(), finished);
    if (oldest == processes_.end()) return;
    ::unlink(output_path(options_.output_folder, (*oldest)->id()).c_str());
    ::unlink(script_path(options_.output_folder, (*oldest)->id()).c_str());
    processes_.erase(oldest);
  }
}

std::shared_ptr<ManagedProcess> ProcessTable::find(const std::string& id) const {
  std::lock_guard lock(mutex_);
  auto found = std::find_if(processes_.begin(), processes_.end(), [&](const auto& p) { return p->id() == id; });
  return found == processes_.end() ? nullptr : *found;
}

std::shared_ptr<ManagedProcess> ProcessTable::find_pid(pid_t pid) const {
  std::lock_guard lock(mutex_);
  auto found = std::find_if(processes_.rbegin(), processes_.rend(), [&](const auto& p) { return p->pid() == pid; });
  return found == processes_.rend() ? nullptr : *found;
}

std::vector<std::shared_ptr<ManagedProcess>> ProcessTable::list() const {
  std::lock_guard lock(mutex_);
  return {processes_.begin(), processes_.end()};
}

void ProcessTable::terminate(ManagedProcess& process) {
  if (!process.has_group()) return;
  terminate_group(process.pid());
  // Its end is noticed by the pump within moments; a process stuck in the kernel does not hold the caller.
  process.wait_end(with_timeout(std::chrono::milliseconds(500)));
}

std::vector<std::shared_ptr<ManagedProcess>> ProcessTable::open_ones() const {
  std::lock_guard lock(mutex_);
  std::vector<std::shared_ptr<ManagedProcess>> open;
  for (const auto& process : processes_) {
    if (process->out_ || process->err_ || process->process_.pid() > 0) open.push_back(process);
  }
  return open;
}

void ProcessTable::pump() {
  for (;;) {
    auto open = open_ones();
    std::vector<pollfd> events{{wake_.get(), POLLIN, 0}};
    for (const auto& process : open) {
      events.push_back({process->out_.get(), POLLIN, 0});
      events.push_back({process->err_.get(), POLLIN, 0});
      events.push_back({process->running() ? process->process_.exit_fd() : -1, POLLIN, 0});
    }
    ::poll(events.data(), events.size(), -1);
    std::uint64_t ignored = 0;
    if (events[0].revents != 0 && ::read(wake_.get(), &ignored, sizeof ignored) > 0) {
      std::lock_guard lock(mutex_);
      if (stopping_) return;
    }
    for (std::size_t i = 0; i < open.size(); ++i) {
      if (events[3 * i + 1].revents != 0) read_output(*open[i], OutputStream::out);
      if (events[3 * i + 2].revents != 0) read_output(*open[i], OutputStream::err);
      if (events[3 * i + 3].revents != 0) check_exit(*open[i]);
    }
  }
}

void ProcessTable::read_output(ManagedProcess& process, OutputStream stream) {
  net::UniqueFd& fd = stream == OutputStream::out ? process.out_ : process.err_;
  std::array<char, 65536> buffer;  // NOLINT(cppcoreguidelines-pro-type-member-init): filled by read
  for (int turn = 0; turn < kMaxReadsPerTurn && fd; ++turn) {
    ssize_t got = ::read(fd.get(), buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && errno == EAGAIN) return;
    if (got <= 0) {
      fd.reset();
      std::lock_guard lock(process.mutex_);
      process.output_open_ = process.out_ || process.err_;
      process.changed_.notify_all();
      return;
    }
    std::string_view bytes(buffer.data(), static_cast<std::size_t>(got));
    {
      std::lock_guard lock(process.mutex_);
      process.capture_.append(stream, bytes);
      process.news_.append(bytes);
      if (process.news_.size() > 8192) process.news_.erase(0, process.news_.size() - 4096);
      process.changed_.notify_all();
    }
    if (options_.console == nullptr) continue;
    std::string& rest = stream == OutputStream::out ? process.out_rest_ : process.err_rest_;
    rest.append(bytes);
    std::size_t whole = utf8_complete_prefix(rest);
    options_.console->output(process.id_, to_valid_utf8(std::string_view(rest).substr(0, whole)));
    rest.erase(0, whole);
  }
}

void ProcessTable::check_exit(ManagedProcess& process) {
  auto status = process.process_.try_wait();
  if (!status) return;
  // What it wrote before its end is in the pipes already. What it left running may hold them open.
  read_output(process, OutputStream::out);
  read_output(process, OutputStream::err);
  std::chrono::milliseconds run_time{0};
  {
    std::lock_guard lock(process.mutex_);
    process.exit_ = *status;
    process.run_time_ =
        std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - process.started_);
    run_time = process.run_time_;
    process.changed_.notify_all();
  }
  process.process_ = net::Process();
  if (options_.console != nullptr) {
    options_.console->command_finished(process.id_, status->code == 0, outcome_text(*status), run_time);
  }
}

}  // namespace ottobot::sandboxd
