#include "x11/idle_client.hpp"

#include <filesystem>
#include <fstream>

#include "ottobot/clock.hpp"

namespace ottobot::x11 {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kSample{5};
constexpr int kQuietSamples = 12;
constexpr milliseconds kUnknownProgram{500};
constexpr milliseconds kPatience{5000};

std::uint32_t active_process(Connection& connection) {
  xcb_ewmh_connection_t* ewmh = connection.ewmh();
  xcb_window_t window = XCB_NONE;
  std::uint32_t pid = 0;
  if (xcb_ewmh_get_active_window_reply(ewmh, xcb_ewmh_get_active_window(ewmh, 0), &window, nullptr) == 0) return 0;
  xcb_ewmh_get_wm_pid_reply(ewmh, xcb_ewmh_get_wm_pid(ewmh, window), &pid, nullptr);
  return pid;
}

// proc(5): the state follows the name, which is in brackets and may hold any character.
char state_of(const std::filesystem::path& task) {
  std::ifstream file(task / "stat");
  const std::string line((std::istreambuf_iterator<char>(file)), {});
  const std::size_t end = line.rfind(')');
  return end == std::string::npos || end + 2 >= line.size() ? '?' : line[end + 2];
}

// True when none of its threads runs or wants to.
bool sleeps(std::uint32_t pid) {
  std::error_code error;
  const std::filesystem::path tasks = "/proc/" + std::to_string(pid) + "/task";
  for (std::filesystem::directory_iterator task(tasks, error), end; !error && task != end; task.increment(error)) {
    const char state = state_of(task->path());
    if (state == 'R' || state == 'D') return false;
  }
  return true;
}

}  // namespace

Result<void> wait_for_idle_client(Connection& connection, const CallContext& ctx) {
  const std::uint32_t pid = active_process(connection);
  if (pid == 0) return system_clock().sleep_for(kUnknownProgram, ctx);
  const auto until = std::chrono::steady_clock::now() + kPatience;
  for (int quiet = 0; quiet < kQuietSamples && std::chrono::steady_clock::now() < until;) {
    // It may sleep because it waits for the server, which answers it before us.
    if (auto synced = connection.sync(ctx); !synced) return synced;
    quiet = sleeps(pid) ? quiet + 1 : 0;
    if (auto slept = system_clock().sleep_for(kSample, ctx); !slept) return slept;
  }
  return {};
}

}  // namespace ottobot::x11
