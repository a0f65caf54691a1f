// RunDir: a folder for a process that keeps nothing, DATA_DIR/runs/<id>, locked while its owner lives.
//
// It knows the instance whose sandboxes run below it, so that what a killed owner left behind can be found and removed.
#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "net/unique_fd.hpp"
#include "ottobot/call_context.hpp"

namespace ottobot::cli {

class RunDir {
 public:
  static Result<RunDir> make(const std::filesystem::path& data_dir);
  RunDir(RunDir&&) = default;
  RunDir& operator=(RunDir&&) = default;
  // Removes the folder, if remove() did not.
  ~RunDir();

  const std::filesystem::path& path() const { return path_; }
  // Before the first sandbox is launched.
  Result<void> set_instance(const std::string& instance) const;

 private:
  RunDir(std::filesystem::path path, net::UniqueFd lock) : path_(std::move(path)), lock_(std::move(lock)) {}

  std::filesystem::path path_;  // empty once moved from
  net::UniqueFd lock_;
};

// Calls `clean(folder, instance)` for every folder whose owner is dead, then removes the folder; one for which it
// answers false stays for the next time.
using CleanRun = std::function<bool(const std::filesystem::path& dir, const std::string& instance)>;
void sweep_dead_runs(const std::filesystem::path& data_dir, const CleanRun& clean);

}  // namespace ottobot::cli
