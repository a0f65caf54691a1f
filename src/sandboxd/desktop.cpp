#include "sandboxd/desktop.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <fstream>

#include "net/process/unix_socket.hpp"

namespace ottobot::sandboxd {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kFirstBackoff{100};
constexpr milliseconds kLastBackoff{10000};
constexpr std::chrono::seconds kStable{10};  // who lived so long starts again at once
constexpr milliseconds kSocketPoll{5};
constexpr milliseconds kGrace{100};

}  // namespace

Desktop::Desktop(DesktopOptions options)
    : options_(std::move(options)),
      logger_(options_.logger != nullptr ? *options_.logger : null_logger()),
      rfb_path_(options_.run_folder + "/rfb.sock") {
  if (options_.mode == DesktopMode::off) return;
  find_programs();
  has_window_manager_ = net::has_program("jwm");
  if (!net::has_program("Xvnc")) return;
  auto listener = XListener::open(options_.first_display);
  if (!listener) {
    missing_ = listener.error().message;
    return;
  }
  listener_.emplace(std::move(*listener));
  display_ = ":" + std::to_string(listener_->display());
  wanted_ = options_.mode == DesktopMode::on;
  wake_.reset(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  supervisor_ = std::thread([this] { supervise(); });
}

Desktop::~Desktop() {
  if (!supervisor_.joinable()) return;
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake();
  supervisor_.join();
}

void Desktop::find_programs() {
  for (const char* program : {"Xvnc", "jwm", "xterm"}) {
    if (!net::has_program(program)) missing_ += (missing_.empty() ? "" : ", ") + std::string(program);
  }
  if (!missing_.empty())
    missing_ += missing_.find(',') == std::string::npos ? " is not installed" : " are not installed";
}

void Desktop::wake() const {
  std::uint64_t one = 1;
  [[maybe_unused]] ssize_t written = ::write(wake_.get(), &one, sizeof one);
}

Desktop::Status Desktop::status() const {
  if (options_.mode == DesktopMode::off) return {"off", ""};
  if (!listener_) return {"unavailable", missing_};
  std::lock_guard lock(mutex_);
  return {running_ ? "running" : "idle", missing_};
}

Result<void> Desktop::check() const {
  if (options_.mode == DesktopMode::off)
    return unavailable("this sandbox has no desktop", "start it with --desktop auto");
  if (!listener_) {
    return unavailable("the desktop is unavailable: " + missing_,
                       "use an image with tigervnc-standalone-server, jwm and xterm, or install them and start a new "
                       "session");
  }
  return {};
}

// The desktop is to run from now on.
Result<void> Desktop::demand() {
  if (auto there = check(); !there) return there;
  {
    std::lock_guard lock(mutex_);
    wanted_ = true;
  }
  wake();
  return {};
}

Result<net::UniqueFd> Desktop::connect_display(const CallContext& ctx) {
  if (auto demanded = demand(); !demanded) return fail(demanded.error());
  return listener_->connect(ctx);
}

Result<net::UniqueFd> Desktop::connect_rfb(const CallContext& ctx) {
  if (auto demanded = demand(); !demanded) return fail(demanded.error());
  for (;;) {
    if (auto connection = net::connect_unix(rfb_path_, std::nullopt, ctx)) return connection;
    if (auto alive = ctx.check(); !alive) return fail(alive.error(), "the desktop does not answer");
    std::this_thread::sleep_for(kSocketPoll);
  }
}

// True when the desktop is to start, false when it never will.
bool Desktop::wait_for_demand() {
  for (;;) {
    {
      std::lock_guard lock(mutex_);
      if (stopping_) return false;
      if (wanted_) return true;
    }
    pollfd events[] = {
        {wake_.get(), POLLIN, 0}, {listener_->file_socket(), POLLIN, 0}, {listener_->abstract_socket(), POLLIN, 0}};
    ::poll(events, std::size(events), -1);
    std::uint64_t ignored = 0;
    if (events[0].revents != 0 && ::read(wake_.get(), &ignored, sizeof ignored) < 0) continue;
    if (events[1].revents != 0 || events[2].revents != 0) return true;
  }
}

void Desktop::supervise() {
  if (!wait_for_demand()) return;
  auto programs = make_programs();
  for (;;) {
    {
      std::lock_guard lock(mutex_);
      if (stopping_) break;
      running_ = true;
    }
    for (Program& program : programs) reap(program);
    for (Program& program : programs) start(program);
    wait_for_change(programs);
  }
  stop(programs);
}

std::vector<Desktop::Program> Desktop::make_programs() const {
  std::vector<Program> programs;
  programs.push_back(make_x_server());
  if (has_window_manager_) {
    std::string settings = options_.run_folder + "/jwmrc";
    std::ofstream(settings) << window_manager_settings(options_, has_outline_fonts());
    Program jwm;
    jwm.name = "jwm";
    jwm.spawn.argv = {"jwm", "-f", settings};
    programs.push_back(std::move(jwm));
  }
  if (net::has_program("xterm")) programs.push_back(make_console());
  for (Program& program : programs) {
    auto environment = options_.environment;
    environment["DISPLAY"] = display_;
    if (program.name == "Xvnc") environment["LISTEN_FDS"] = "2";
    program.spawn.env = std::move(environment);
    program.spawn.cwd = options_.workspace;
    program.spawn.new_session = true;
  }
  return programs;
}

Desktop::Program Desktop::make_x_server() const {
  Program server;
  server.name = "Xvnc";
  // LISTEN_PID has to be the pid of the very process that takes the sockets: the shell's, which becomes Xvnc.
  server.spawn.argv = {"/bin/sh",
                       "-c",
                       "LISTEN_PID=$$ exec Xvnc \"$@\"",
                       "Xvnc",
                       display_,
                       "-geometry",
                       std::to_string(options_.width) + "x" + std::to_string(options_.height),
                       "-depth",
                       "24",
                       "-dpi",
                       "96",
                       "-rfbport",
                       "-1",
                       "-rfbunixpath",
                       rfb_path_,
                       "-rfbunixmode",
                       "0660",
                       "-SecurityTypes",
                       "None",
                       "-AlwaysShared",
                       "-nolisten",
                       "tcp",
                       "-ac"};
  server.spawn.extra_fds = {{listener_->file_socket(), 3}, {listener_->abstract_socket(), 4}};
  return server;
}

Desktop::Program Desktop::make_console() const {
  Program console;
  console.name = "console";
  // Most of the screen, for cells of 11 by 23 pixels.
  int columns = std::max(60, options_.width * 4 / 5 / 11);
  int rows = std::max(20, (options_.height - 150) / 23);
  console.spawn.argv = terminal_command(has_outline_fonts(), "OttoBot console",
                                        std::to_string(columns) + "x" + std::to_string(rows) + "+32+32",
                                        {options_.own_program, "--follow", options_.console_file});
  return console;
}

void Desktop::start(Program& program) {
  auto now = std::chrono::steady_clock::now();
  if (program.process || now < program.next_start) return;
  if (program.name == "Xvnc") listener_->remove_lock();
  auto process = net::spawn(program.spawn);
  program.started = now;
  if (process) {
    program.process = std::move(*process);
    return;
  }
  logger_.warn("cannot start " + program.name + ": " + process.error().to_string());
  program.backoff = std::clamp(program.backoff * 2, kFirstBackoff, kLastBackoff);
  program.next_start = now + program.backoff;
}

void Desktop::reap(Program& program) {
  if (!program.process || !program.process->try_wait()) return;
  program.process->kill_group();
  program.process.reset();
  auto now = std::chrono::steady_clock::now();
  bool was_stable = now - program.started >= kStable;
  program.backoff = was_stable ? kFirstBackoff : std::clamp(program.backoff * 2, kFirstBackoff, kLastBackoff);
  program.next_start = now + program.backoff;
  logger_.info(program.name + " ended; it starts again in " + std::to_string(program.backoff.count()) + " ms");
}

// Until a program ends, the time of the next start comes, or the desktop is to stop.
void Desktop::wait_for_change(const std::vector<Program>& programs) {
  std::vector<pollfd> events{{wake_.get(), POLLIN, 0}};
  milliseconds longest{-1};
  for (const Program& program : programs) {
    if (program.process) {
      events.push_back({program.process->exit_fd(), POLLIN, 0});
      continue;
    }
    auto left = std::chrono::ceil<milliseconds>(program.next_start - std::chrono::steady_clock::now());
    left = std::max(left, milliseconds(0));
    longest = longest.count() < 0 ? left : std::min(longest, left);
  }
  ::poll(events.data(), events.size(), static_cast<int>(longest.count()));
  std::uint64_t ignored = 0;
  [[maybe_unused]] ssize_t got = ::read(wake_.get(), &ignored, sizeof ignored);
}

void Desktop::stop(std::vector<Program>& programs) {
  for (Program& program : programs) {
    if (program.process) program.process->kill_group(SIGTERM);
  }
  CallContext grace = with_timeout(kGrace);
  for (Program& program : programs) {
    if (!program.process || program.process->wait(grace)) continue;
    program.process->kill_group(SIGKILL);
    [[maybe_unused]] auto ended = program.process->wait(with_timeout(kGrace));
  }
}

}  // namespace ottobot::sandboxd
