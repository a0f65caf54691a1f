// Where things of a sandbox are on this host, and what its name, labels and log have in common among backends.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "ottobot/call_context.hpp"

namespace ottobot::containers {

// The paths of one sandbox. All are ours but workspace and run_dir, which belong to its uid.
struct SandboxPaths {
  std::string folder, record, workspace, run_dir, log;
};

// 1 to 64 of A-Za-z0-9_-.
bool is_valid_name(const std::string& name);

// run_dir moves to runtime_dir/run-<16 hex digits> where its socket's path would be too long.
SandboxPaths sandbox_paths(const std::string& sandboxes_dir, const std::string& runtime_dir, const std::string& name);

// /run/ottobot as root, else /run/user/UID/ottobot or /tmp/ottobot-UID.
std::string default_runtime_dir();

// Makes, or checks, a folder that only we may write to, and returns its path without links: sockets below it are opened
// that way. Errors: permission_denied (others may write), invalid_argument (no folder), else from errno.
Result<std::string> own_folder(const std::string& path, mode_t mode);

// Entries of `folder` that are valid names.
std::vector<std::string> folder_names(const std::string& folder);

// Bytes of disk that workspace and run_dir take. Errors: those of tree_size().
Result<std::uint64_t> disk_usage_of(const SandboxPaths& paths, const CallContext& ctx);

bool matches(const std::map<std::string, std::string>& labels, const std::map<std::string, std::string>& selector);

std::string last_lines(const std::string& text, int count);

}  // namespace ottobot::containers
