// The sandbox's desktop: Xvnc (X and VNC server in one), the window manager jwm and the console window.
//
// It starts when somebody first looks or a program first connects to the X display, and is kept running from then on:
// what dies is started again, slower each time. One thread supervises. Thread-safe; destroying it ends all its
// programs.
#pragma once

#include <chrono>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "net/process/spawn.hpp"
#include "ottobot/call_context.hpp"
#include "ottobot/log.hpp"
#include "sandboxd/x_listener.hpp"

namespace ottobot::sandboxd {

enum class DesktopMode { automatic, on, off };

struct DesktopOptions {
  DesktopMode mode = DesktopMode::automatic;
  int width = 1920, height = 1080;
  int first_display = 1;
  std::string run_folder;    // for the RFB socket and generated settings
  std::string workspace;     // where terminals start
  std::string console_file;  // what the console window shows
  std::string own_program;   // path of ottobot-sandboxd, which follows the file
  std::map<std::string, std::string> environment;
  Logger* logger = nullptr;  // null_logger() when null; outlives the desktop
};

class Desktop {
 public:
  explicit Desktop(DesktopOptions options);
  ~Desktop();
  Desktop(const Desktop&) = delete;
  Desktop& operator=(const Desktop&) = delete;

  struct Status {
    std::string state;    // "off", "unavailable", "idle" (starts on demand), "running"
    std::string message;  // what is missing; empty if nothing
  };
  Status status() const;
  // ":1"; empty when there is none.
  const std::string& display() const { return display_; }
  // A new RFB connection; starts the desktop if need be and waits for it. Errors: unavailable (says why),
  // deadline_exceeded, cancelled.
  Result<net::UniqueFd> connect_rfb(const CallContext& ctx);
  // A new connection to the X display; starts the desktop if need be, but does not wait for it: the server answers when
  // it is up. Errors: as connect_rfb.
  Result<net::UniqueFd> connect_display(const CallContext& ctx);
  // Why there is no desktop: unavailable, with what to install.
  Result<void> check() const;
  // True when the desktop runs one, as soon as it has started.
  bool has_window_manager() const { return has_window_manager_; }

 private:
  struct Program {
    std::string name;
    net::SpawnOptions spawn;
    std::optional<net::Process> process;
    std::chrono::steady_clock::time_point started{}, next_start{};
    std::chrono::milliseconds backoff{0};
  };
  void find_programs();
  void supervise();
  std::vector<Program> make_programs() const;
  Program make_x_server() const;
  Program make_console() const;
  bool wait_for_demand();
  void start(Program& program);
  void reap(Program& program);
  void wait_for_change(const std::vector<Program>& programs);
  static void stop(std::vector<Program>& programs);
  void wake() const;
  Result<void> demand();

  const DesktopOptions options_;
  Logger& logger_;
  const std::string rfb_path_;
  std::optional<XListener> listener_;
  std::string display_;
  std::string missing_;
  bool has_window_manager_ = false;
  net::UniqueFd wake_;
  mutable std::mutex mutex_;  // guards all below
  bool wanted_ = false, running_ = false, stopping_ = false;
  std::thread supervisor_;
};

// The settings that we give jwm.
std::string window_manager_settings(const DesktopOptions& options, bool has_fonts);
// True when fontconfig has outline fonts to offer.
bool has_outline_fonts();
// Arguments of a terminal window.
std::vector<std::string> terminal_command(bool has_fonts, const std::string& title, const std::string& geometry,
                                          const std::vector<std::string>& program);

}  // namespace ottobot::sandboxd
