#include "config/setting_table.hpp"

#include <algorithm>
#include <limits>

#include "config/value_forms.hpp"

namespace ottobot::config {
namespace {

using Read = std::function<Result<void>(Settings&, const std::string&)>;

// Stores what `parse` gives, converted to the member's type.
template <class Member, class Parse>
Read into(Member Settings::*member, Parse parse) {
  return [member, parse](Settings& settings, const std::string& value) -> Result<void> {
    auto parsed = parse(value);
    if (!parsed) return fail(parsed.error());
    settings.*member = static_cast<Member>(std::move(*parsed));
    return {};
  };
}

Read text_into(std::string Settings::*member) {
  return [member](Settings& settings, const std::string& value) -> Result<void> {
    settings.*member = value;
    return {};
  };
}

Read path_into(std::filesystem::path Settings::*member) {
  return [member](Settings& settings, const std::string& value) -> Result<void> {
    settings.*member = value;
    return {};
  };
}

auto integer(std::int64_t first, std::int64_t last) {
  return [first, last](const std::string& value) { return parse_integer(value, first, last); };
}

Result<std::vector<std::string>> origins(const std::string& value) { return parse_list(value); }

Result<void> read_memory_limit(Settings& settings, const std::string& value) {
  auto bytes = parse_size(value);
  if (!bytes) return fail(bytes.error());
  if (*bytes < (32ull << 20)) return invalid_argument("a size of 32m or more, such as 2g");
  settings.limits.memory_bytes = *bytes;
  return {};
}

Result<std::uint64_t> size_or_none(const std::string& value) {
  if (value == "0") return std::uint64_t{0};
  return parse_size(value);
}

Result<void> read_disk_limit(Settings& settings, const std::string& value) {
  auto bytes = size_or_none(value);
  if (!bytes) return fail(bytes.error());
  if (*bytes != 0 && *bytes < (64ull << 20))
    return invalid_argument("a size of 64m or more, such as 10g, or 0 for none");
  settings.limits.disk_bytes = *bytes;
  return {};
}

Result<void> read_cpu_limit(Settings& settings, const std::string& value) {
  auto cpus = parse_positive_number(value);
  if (!cpus) return fail(cpus.error());
  settings.limits.cpus = *cpus;
  return {};
}

Result<void> read_log_format(Settings& settings, const std::string& value) {
  if (value != "json" && value != "text") return invalid_argument("json or text");
  settings.log_format = value == "json" ? LogFormat::json : LogFormat::text;
  return {};
}

Result<LogLevel> log_level(const std::string& value) {
  auto level = parse_log_level(value);
  if (!level) return invalid_argument("trace, debug, info, warn, error or off");
  return *level;
}

Result<bool> sqlite_sync(const std::string& value) {
  if (value != "full" && value != "normal") return invalid_argument("full or normal");
  return value == "full";
}

Result<bool> keep_or_stop(const std::string& value) {
  if (value != "keep" && value != "stop") return invalid_argument("keep or stop");
  return value == "keep";
}

// Roles are no registry: what a role means is fixed.
Result<void> read_role(Settings& settings, const std::string& value) {
  constexpr std::pair<std::string_view, ServerRole> kRoles[] = {
      {"all", ServerRole::all}, {"api", ServerRole::api}, {"worker", ServerRole::worker}};
  for (const auto& [name, role] : kRoles) {
    if (value != name) continue;
    settings.role = role;
    return {};
  }
  return invalid_argument("all, api or worker");
}

Result<void> read_auth(Settings& settings, const std::string& value) {
  constexpr std::pair<std::string_view, Auth> kModes[] = {
      {"auto", Auth::automatic}, {"keys", Auth::keys}, {"none", Auth::none}};
  for (const auto& [name, mode] : kModes) {
    if (value != name) continue;
    settings.auth = mode;
    return {};
  }
  return invalid_argument("auto, keys or none");
}

Read access_text(std::string AccessOptions::*member) {
  return [member](Settings& settings, const std::string& value) -> Result<void> {
    settings.access.*member = value;
    return {};
  };
}

// A bound; 0 = none.
Read access_bound(int AccessOptions::*member) {
  return [member](Settings& settings, const std::string& value) -> Result<void> {
    auto bound = parse_integer(value, 0, 1'000'000);
    if (!bound) return fail(bound.error());
    settings.access.*member = static_cast<int>(*bound);
    return {};
  };
}

Result<void> read_trusted_proxies(Settings& settings, const std::string& value) {
  settings.access.trusted_proxies = value == "none" ? std::vector<std::string>() : parse_list(value);
  return {};
}

template <class Member, class Parse>
Read redis_into(Member RedisOptions::*member, Parse parse) {
  return [member, parse](Settings& settings, const std::string& value) -> Result<void> {
    auto parsed = parse(value);
    if (!parsed) return fail(parsed.error());
    settings.redis.*member = static_cast<Member>(std::move(*parsed));
    return {};
  };
}

// The last of Redis' settings, as values are read in the order of their names: what it says counts.
Result<void> read_redis_url(Settings& settings, const std::string& value) {
  auto options = parse_redis_url(value);
  if (!options) return invalid_argument(options.error().hint);
  if (options->password.empty()) options->password = settings.redis.password;
  options->ca_file = settings.redis.ca_file;
  settings.redis = std::move(*options);
  return {};
}

// For what this build does not look at: the form alone.
template <class Parse>
Read checked(Parse parse) {
  return [parse](Settings&, const std::string& value) -> Result<void> {
    auto parsed = parse(value);
    if (!parsed) return fail(parsed.error());
    return {};
  };
}

Result<std::string> any_text(const std::string& value) { return value; }

Result<std::string> host_name(const std::string& value) {
  if (value.find_first_of("/ \t@") == std::string::npos) return value;
  return invalid_argument("a host name or an address, without scheme and path");
}

Result<std::string> docker_host(const std::string& value) {
  for (const std::string_view scheme : {"unix:///", "tcp://", "http://", "https://", "ssh://"}) {
    if (value.size() > scheme.size() && value.compare(0, scheme.size(), scheme) == 0) return value;
  }
  return invalid_argument("unix:///PATH or tcp://HOST:PORT");
}

Result<std::string> network_name(const std::string& value) {
  constexpr std::string_view kAllowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";
  if (value.find_first_not_of(kAllowed) == std::string::npos && value.find_first_of("_.-") != 0) return value;
  return invalid_argument("a name of letters, digits, _ . and -, or none");
}

Result<std::string> domain_or_none(const std::string& value) {
  constexpr std::string_view kAllowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-";
  if (value == "none") return std::string();
  if (value.find_first_not_of(kAllowed) == std::string::npos && value.find_first_of(".-") != 0) return value;
  return invalid_argument("a domain such as apps.example.com, without scheme and port, or none");
}

// As docker's own client has it: whatever is set switches it on.
Result<void> read_docker_tls(Settings& settings, const std::string&) {
  settings.docker_tls_verify = true;
  return {};
}

constexpr std::int64_t kMaxInt = std::numeric_limits<int>::max();
constexpr std::int64_t kMaxWindow = 100'000'000;
constexpr auto kChecked = SettingUse::checked;
constexpr bool kSecret = true;

const std::vector<SettingRow>& rows() {
  static const std::vector<SettingRow> table{
      {"AGENT_IMAGE", "", "ottobot-agent", "ottobot-agent", text_into(&Settings::agent_image)},
      {"ANTHROPIC_API_KEY", "", "", "your-key", checked(any_text), kChecked, kSecret},
      {"ANTHROPIC_BASE_URL", "", "", "https://api.anthropic.com", checked(parse_base_url), kChecked},
      {"API_HOST", "--host", "127.0.0.1", "127.0.0.1", into(&Settings::host, host_name)},
      {"API_PORT", "--port", "3000", "3000", into(&Settings::port, integer(0, 65535))},
      {"CONTAINER_CPU_LIMIT", "", "1", "1.5", read_cpu_limit},
      {"CONTAINER_DISK_LIMIT", "", "10g", "10g", read_disk_limit},
      {"CONTAINER_MEMORY_LIMIT", "", "2g", "2g", read_memory_limit},
      {"CONTAINER_NETWORK", "", "ottobot-network", "ottobot-network", into(&Settings::container_network, network_name)},
      {"CONTEXT_WINDOW_SIZE", "", "100000", "100000", checked(integer(1000, kMaxWindow)), kChecked},
      {"CORS_ORIGINS", "", "http://localhost:3000,http://localhost:5173", "https://example.com",
       into(&Settings::cors_origins, origins)},
      {"DOCKER_CERT_PATH", "", "", "/etc/docker/certs", path_into(&Settings::docker_cert_path)},
      {"DOCKER_HOST", "", "", "unix:///var/run/docker.sock", into(&Settings::docker_host, docker_host)},
      {"DOCKER_TLS_VERIFY", "", "", "1", read_docker_tls},
      {"GEMINI_API_KEY", "", "", "your-key", text_into(&Settings::gemini_api_key), SettingUse::used, kSecret},
      {"GEMINI_BASE_URL", "", "", "https://generativelanguage.googleapis.com",
       into(&Settings::gemini_base_url, parse_base_url)},
      {"LLM_MODEL", "--model", "", "gemini:gemini-2.5-pro", text_into(&Settings::model)},
      {"LOG_FORMAT", "--log-format", "json", "json", read_log_format},
      {"LOG_LEVEL", "--log-level", "info", "info", into(&Settings::log_level, log_level)},
      {"MAX_RETRIES", "", "3", "3", into(&Settings::max_retries, integer(0, 100))},
      {"MAX_SESSIONS_PER_WORKER", "", "64", "64", into(&Settings::max_sessions_per_worker, integer(1, 100'000))},
      {"MCP_PORT_RANGE_END", "", "8200", "8200", into(&Settings::mcp_last, integer(0, 65535))},
      {"MCP_PORT_RANGE_START", "", "8080", "8080", into(&Settings::mcp_first, integer(0, 65535))},
      {"MODE", "--role", "all", "all", read_role},
      {"OPENAI_API_KEY", "", "", "your-key", checked(any_text), kChecked, kSecret},
      {"OPENAI_BASE_URL", "", "", "https://api.openai.com", checked(parse_base_url), kChecked},
      {"OTTOBOT_ADVERTISE_URL", "", "", "http://10.0.0.5:3000", into(&Settings::advertise_url, parse_base_url)},
      {"OTTOBOT_API_KEY", "--api-key", "", "your-key", text_into(&Settings::api_key), SettingUse::used, kSecret},
      {"OTTOBOT_API_KEYS", "", "", "ann:a-long-random-key", access_text(&AccessOptions::api_keys), SettingUse::used,
       kSecret},
      {"OTTOBOT_AUTH", "", "auto", "keys", read_auth},
      {"OTTOBOT_AUTH_FAILURE_LIMIT", "", "60", "60", access_bound(&AccessOptions::auth_failures_per_minute)},
      {"OTTOBOT_BACKEND", "--backend", "auto", "local", text_into(&Settings::backend)},
      {"OTTOBOT_CA_FILE", "--ca-file", "", "/etc/ottobot/ca.pem", path_into(&Settings::ca_file)},
      {"OTTOBOT_CLUSTER_SECRET", "", "", "a-long-random-secret", access_text(&AccessOptions::cluster_secret),
       SettingUse::used, kSecret},
      {"OTTOBOT_DATA_DIR", "--data-dir", "", "/var/lib/ottobot", path_into(&Settings::data_dir)},
      {"OTTOBOT_HOST_ID", "", "", "engine-1", text_into(&Settings::host_id)},
      {"OTTOBOT_LEASE_TTL", "", "", "5s", into(&Settings::lease_ttl, parse_duration)},
      {"OTTOBOT_MAX_SESSIONS_PER_USER", "", "100", "100", access_bound(&AccessOptions::max_sessions_per_user)},
      {"OTTOBOT_MAX_SOCKETS_PER_USER", "", "200", "200", access_bound(&AccessOptions::max_sockets_per_user)},
      {"OTTOBOT_MODEL_IDLE_TIMEOUT", "", "1m", "2m", into(&Settings::model_idle_timeout, parse_duration)},
      {"OTTOBOT_PREVIEW_DOMAIN", "", "localhost", "apps.example.com", into(&Settings::preview_domain, domain_or_none)},
      {"OTTOBOT_QUEUE", "--queue", "memory", "memory", text_into(&Settings::queue)},
      {"OTTOBOT_RATE_LIMIT", "", "600", "600", access_bound(&AccessOptions::requests_per_minute)},
      {"OTTOBOT_RETENTION", "", "7d", "7d", into(&Settings::retention, parse_duration)},
      {"OTTOBOT_RETRY_DELAY", "", "1s", "5s", into(&Settings::retry_delay, parse_duration)},
      {"OTTOBOT_SANDBOXD", "--sandboxd", "", "/usr/bin/ottobot-sandboxd", path_into(&Settings::sandboxd)},
      {"OTTOBOT_SANDBOXES_AT_END", "", "keep", "stop", into(&Settings::keeps_sandboxes, keep_or_stop)},
      {"OTTOBOT_SESSION_RATE_LIMIT", "", "60", "60", access_bound(&AccessOptions::sessions_per_minute)},
      {"OTTOBOT_SNAPSHOT_LIMIT", "", "512m", "512m", into(&Settings::snapshot_limit_bytes, size_or_none)},
      {"OTTOBOT_SQLITE_SYNC", "", "normal", "full", into(&Settings::sqlite_full_sync, sqlite_sync)},
      {"OTTOBOT_STORE", "--store", "sqlite", "sqlite", text_into(&Settings::store)},
      {"OTTOBOT_TLS_CERT", "--tls-cert", "", "/etc/ottobot/fullchain.pem", path_into(&Settings::tls_cert)},
      {"OTTOBOT_TLS_KEY", "--tls-key", "", "/etc/ottobot/privkey.pem", path_into(&Settings::tls_key)},
      {"OTTOBOT_TRUSTED_PROXIES", "", "127.0.0.1,::1", "10.0.0.0/8", read_trusted_proxies},
      {"OTTOBOT_URL", "--url", "", "http://127.0.0.1:3000", into(&Settings::server_url, parse_base_url)},
      {"PUBLIC_URL", "", "", "https://ottobot.example.com", into(&Settings::public_url, parse_base_url)},
      {"QUEUE_LIMIT", "", "1000", "1000", into(&Settings::queue_limit, integer(1, kMaxInt))},
      {"REDIS_CA_FILE", "", "", "/etc/ottobot/redis-ca.pem", redis_into(&RedisOptions::ca_file, any_text)},
      {"REDIS_HOST", "", "localhost", "localhost", redis_into(&RedisOptions::host, host_name)},
      {"REDIS_PASSWORD", "", "", "a-password", redis_into(&RedisOptions::password, any_text), SettingUse::used,
       kSecret},
      {"REDIS_PORT", "", "6379", "6379", redis_into(&RedisOptions::port, integer(1, 65535))},
      {"REDIS_URL", "", "", "redis://localhost:6379", read_redis_url, SettingUse::used, kSecret},
      {"SESSION_SECRET", "", "", "a-long-random-secret", access_text(&AccessOptions::ticket_secret), SettingUse::used,
       kSecret},
      {"SESSION_TIMEOUT", "", "3600", "3600", into(&Settings::session_timeout_s, integer(1, 7200))},
      {"VNC_PORT_RANGE_END", "", "6200", "6200", into(&Settings::vnc_last, integer(0, 65535))},
      {"VNC_PORT_RANGE_START", "", "6080", "6080", into(&Settings::vnc_first, integer(0, 65535))},
      {"WARM_POOL_SIZE", "", "0", "2", into(&Settings::warm_pool_size, integer(0, 1000))},
      {"WORKER_CONCURRENCY", "", "64", "64", into(&Settings::worker_concurrency, integer(1, 100'000))},
      {"WORKER_ID", "", "", "worker-1", text_into(&Settings::worker_id)},
  };
  return table;
}

}  // namespace

std::span<const SettingRow> setting_table() { return rows(); }

const SettingRow* find_setting(std::string_view name) {
  const auto& table = rows();
  const auto row = std::find_if(table.begin(), table.end(), [&](const SettingRow& each) { return each.name == name; });
  return row == table.end() ? nullptr : &*row;
}

}  // namespace ottobot::config
