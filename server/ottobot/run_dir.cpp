#include "run_dir.hpp"

#include <fcntl.h>
#include <sys/file.h>

#include <cerrno>
#include <fstream>
#include <system_error>
#include <utility>

#include "ottobot/ids.hpp"
#include "parts.hpp"

namespace ottobot::cli {
namespace {

namespace fs = std::filesystem;

constexpr const char* kLockFile = "owner.lock";  // not the store's own, which lies beside it
constexpr const char* kInstanceFile = "instance";

// Not held by anybody else: the descriptor holds the lock then.
net::UniqueFd try_lock(const fs::path& file, int flags) {
  net::UniqueFd fd(::open(file.c_str(), O_RDWR | O_CLOEXEC | flags, 0600));
  if (fd && ::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) fd.reset();
  return fd;
}

std::string first_line(const fs::path& file) {
  std::string line;
  std::getline(std::ifstream(file) >> std::ws, line);
  return line;
}

}  // namespace

Result<RunDir> RunDir::make(const fs::path& data_dir) {
  if (auto made = make_private_dir(data_dir); !made) return fail(made.error());
  const auto dir = data_dir / "runs" / new_id();
  if (auto made = make_private_dir(dir.parent_path()); !made) return fail(made.error());
  if (auto made = make_private_dir(dir); !made) return fail(made.error());
  auto lock = try_lock(dir / kLockFile, O_CREAT);
  if (!lock) return errno_error("cannot lock " + dir.string(), errno);
  return RunDir(dir, std::move(lock));
}

RunDir::~RunDir() {
  std::error_code ignored;
  if (lock_) fs::remove_all(path_, ignored);
}

Result<void> RunDir::set_instance(const std::string& instance) const {
  std::ofstream file(path_ / kInstanceFile);
  file << instance << "\n";
  file.close();
  if (!file) return unavailable("cannot write " + (path_ / kInstanceFile).string());
  return {};
}

void sweep_dead_runs(const fs::path& data_dir, const CleanRun& clean) {
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(data_dir / "runs", error)) {
    // A folder without its lock file is just being made, or is empty: its owner's business.
    const auto lock = try_lock(entry.path() / kLockFile, 0);
    if (!lock) continue;
    const auto instance = first_line(entry.path() / kInstanceFile);
    if (instance.empty() || clean(entry.path(), instance)) fs::remove_all(entry.path(), error);
  }
}

}  // namespace ottobot::cli
