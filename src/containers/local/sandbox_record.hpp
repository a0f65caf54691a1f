// sandbox.json: all that a later process needs to find, judge and end a sandbox.
#pragma once

#include <sys/types.h>

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "containers/common/files.hpp"
#include "containers/local/process_identity.hpp"
#include "ottobot/container_backend.hpp"
#include "ottobot/json.hpp"

namespace ottobot::containers {

struct SandboxRecord {
  enum class Phase { launching, running, stopped };

  std::string name;
  Phase phase = Phase::launching;  // running: its processes are there; the daemon may still be starting
  std::map<std::string, std::string> labels;
  std::string token;
  std::string run_dir;  // where the endpoint's socket is, seen from the host
  UnixMillis created_at = 0;
  std::optional<uid_t> uid;    // leased; nullopt = our own
  std::string boot_id;         // the identities below mean nothing in another boot
  ProcessIdentity supervisor;  // bwrap, outside
  ProcessIdentity init;        // sandboxd, process 1 inside
  ProcessIdentity egress;      // slirp4netns
  bool paused = false;         // stopped by signals, where there is no freezer
  std::vector<std::string> warnings;

  std::string socket_path() const { return run_dir + "/sandboxd.sock"; }
};

Json to_json(const SandboxRecord& record);
// Errors: data_loss.
Result<SandboxRecord> record_from_json(const Json& json);

// Errors of both: data_loss (damaged), not_found (none), else from errno. The file is for its owner only.
Result<SandboxRecord> load_record(const std::string& path);
Result<void> save_record(const std::string& path, const SandboxRecord& record,
                         Durability durability = Durability::power);

}  // namespace ottobot::containers
