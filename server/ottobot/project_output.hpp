// ProjectOutput: where `ottobot run` leaves the project: a zip file, or a folder that it is unpacked into.
#pragma once

#include <filesystem>
#include <string>

#include "ottobot/call_context.hpp"

namespace ottobot::cli {

class ProjectOutput {
 public:
  // `out` ends in .zip for a file; a folder must be new or empty. Empty: ottobot-<session id>.zip here. Errors:
  // already_exists, not_found, permission_denied: before anything was spent on the run.
  static Result<ProjectOutput> plan(const std::string& out);

  // Gets `url`, a zip, and leaves it there; returns the path. `scratch` is a folder for what is on the way. Errors:
  // those of the download; data_loss (not a zip, or one that tries to leave its folder).
  Result<std::filesystem::path> save(const std::string& url, const std::string& session_id,
                                     const std::filesystem::path& scratch, const CallContext& ctx) const;

 private:
  explicit ProjectOutput(std::filesystem::path target) : target_(std::move(target)) {}
  bool is_file() const { return target_.empty() || target_.extension() == ".zip"; }

  std::filesystem::path target_;
};

// Unpacks into `dir`, which must be empty: entries with ".." or absolute names are data_loss, links come last, so that
// no entry is written through one.
Result<void> unpack_zip(const std::filesystem::path& zip, const std::filesystem::path& dir);

}  // namespace ottobot::cli
