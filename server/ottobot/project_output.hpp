// ProjectOutput: where `run` and `download` leave the project: a zip file, or a folder that it is unpacked into.
#pragma once

#include <filesystem>
#include <string>

#include "download.hpp"

namespace ottobot::cli {

struct ProjectSource {
  Stream stream;
  net::HttpRequest request;  // of a zip
  std::string session_id;
  Progress& progress;
};

class ProjectOutput {
 public:
  // `out` ends in .zip for a file; a folder must be new or empty. Empty: ottobot-<session id>.zip here. Errors:
  // already_exists, not_found, permission_denied: before anything was spent on the run.
  static Result<ProjectOutput> plan(const std::string& out);

  // Gets the zip and leaves it there; returns the path. Errors: those of the download; data_loss (not a zip, or one
  // that tries to leave its folder).
  Result<std::filesystem::path> save(const ProjectSource& source, const CallContext& ctx) const;

 private:
  explicit ProjectOutput(std::filesystem::path target) : target_(std::move(target)) {}
  bool is_file() const { return target_.empty() || target_.extension() == ".zip"; }

  std::filesystem::path target_;
};

// Unpacks into `dir`, which must be empty: entries with ".." or absolute names are data_loss, links come last, so that
// no entry is written through one.
Result<void> unpack_zip(const std::filesystem::path& zip, const std::filesystem::path& dir);

}  // namespace ottobot::cli
