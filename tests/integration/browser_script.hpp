// A script of tests/integration/browser, in a folder of its own: those of several tests run at the same time.
#pragma once

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

#include "net/process/spawn.hpp"

namespace ottobot::integration {

class BrowserScripts {
 public:
  // Copied into the build folder, below the name of the running test, with what they need. Errors: not_found (there is
  // no Chromium), unavailable (npm).
  static Result<BrowserScripts> install();

  const std::filesystem::path& dir() const { return dir_; }  // pictures go here
  // `node SCRIPT ARGS…`. Errors: deadline_exceeded.
  Result<net::RunResult> run(const std::string& script, const std::vector<std::string>& args,
                             std::chrono::milliseconds timeout) const;

 private:
  explicit BrowserScripts(std::filesystem::path dir) : dir_(std::move(dir)) {}

  std::filesystem::path dir_;
};

}  // namespace ottobot::integration
