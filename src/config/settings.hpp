// What an operator can set, as values. docs/configuration.md has the same list for people; a test compares the two.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "ottobot/access_options.hpp"
#include "ottobot/container_backend.hpp"
#include "ottobot/error.hpp"
#include "ottobot/log.hpp"
#include "ottobot/server_role.hpp"
#include "ottobot/stores/redis.hpp"

namespace ottobot::config {

enum class Auth {
  automatic,  // keys beyond loopback, or where some are set
  keys,       // always
  none,       // never
};

struct Settings {
  ServerRole role = ServerRole::all;
  std::string backend = "auto", store = "sqlite";  // names in the registry, as queue
  std::string queue;                               // never empty after load_settings()
  std::string host = "127.0.0.1";
  int port = 3000;
  std::filesystem::path tls_cert, tls_key;  // both or neither; empty = http
  Auth auth = Auth::automatic;
  AccessOptions access;
  std::string public_url;
  std::string preview_domain = "localhost";  // empty = none
  std::vector<std::string> cors_origins{"http://localhost:3000", "http://localhost:5173"};

  std::filesystem::path data_dir;  // never empty after load_settings()
  std::filesystem::path sandboxd;  // empty = beside the ottobot program
  bool sqlite_full_sync = false;   // every append waits for the disk
  RedisOptions redis;              // of the store and queue of that name
  std::chrono::milliseconds retention{std::chrono::hours(24 * 7)};
  int warm_pool_size = 0;                             // spare sandboxes for each image and environment
  bool keeps_sandboxes = true;                        // see ServerOptions
  std::uint64_t snapshot_limit_bytes = 512ull << 20;  // of a workspace's zip after a turn; 0 = none is kept
  std::int64_t session_timeout_s = 3600;
  std::size_t queue_limit = 1000;

  std::string worker_id;                   // never empty after load_settings()
  std::string host_id;                     // empty = the machine's name
  std::string advertise_url;               // empty = host and port
  std::chrono::milliseconds lease_ttl{0};  // never 0 after load_settings()
  int worker_concurrency = 64;
  int max_sessions_per_worker = 64;
  int vnc_first = 6080, vnc_last = 6200, mcp_first = 8080, mcp_last = 8200;
  SandboxLimits limits;

  std::string agent_image = "ottobot-agent";
  std::string container_network = "ottobot-network";
  std::string docker_host;  // empty = unix:///var/run/docker.sock
  bool docker_tls_verify = false;
  std::filesystem::path docker_cert_path;  // never empty after load_settings() where there is a home

  std::string model;  // as LLM_MODEL gave it, or the default that the keys allow
  std::string gemini_api_key, gemini_base_url;
  int max_retries = 3;
  std::chrono::milliseconds retry_delay{1000};
  std::chrono::milliseconds model_idle_timeout{std::chrono::minutes(1)};

  // Of the commands that talk to a running server.
  std::string server_url;         // never empty after load_settings()
  std::string api_key;            // sent as bearer token; empty = none
  std::filesystem::path ca_file;  // authorities trusted besides the system's; empty = none

  LogLevel log_level = LogLevel::info;
  LogFormat log_format = LogFormat::json;

  std::vector<std::string> warnings;  // unknown or unused names, for the log
};

// Where values come from. Values by the settings' environment names, whatever the source.
struct SettingSources {
  std::map<std::string, std::string> flags;  // of the command line
  std::map<std::string, std::string> environment;
  std::filesystem::path working_dir;  // of `.env`; empty = none is read
  std::filesystem::path config_file;  // empty = none
};

// The sources of a real program: environ and the current directory.
SettingSources process_sources(std::map<std::string, std::string> flags, std::filesystem::path config_file);

// What must never be logged.
std::vector<std::string> secret_values(const SettingSources& sources);

// Flag, then environment, then .env, then config file, then default; an empty value counts as not set. Errors:
// invalid_argument with the setting, where its value came from and the accepted form; not_found (config file).
Result<Settings> load_settings(const SettingSources& sources);

inline constexpr const char* kMasked = "***";

// What one setting is and where that comes from, for people: secrets that are set are kMasked.
struct SettingView {
  std::string name, value;
  std::string origin;  // "flag --port", "environment", ".env:3", "default"
};

// Every setting of this build, sorted by name. Errors: as load_settings().
Result<std::vector<SettingView>> view_settings(const SettingSources& sources);

// /var/lib/ottobot for root; else $XDG_DATA_HOME/ottobot or ~/.local/share/ottobot. Errors: not_found (no home).
Result<std::filesystem::path> default_data_dir(const std::map<std::string, std::string>& environment, bool is_root);

// Whether the server can be reached from this machine only.
bool listens_on_loopback(const Settings& settings);

}  // namespace ottobot::config
