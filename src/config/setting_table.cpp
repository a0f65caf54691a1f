#include "config/setting_table.hpp"

#include <algorithm>
#include <array>
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

// Roles are no registry: what a role means is fixed, and this build has the one in which everything is together.
Result<void> read_role(Settings& settings, const std::string& value) {
  if (value != "all") return invalid_argument("all (the roles api and worker are not available in this build)");
  settings.role = value;
  return {};
}

Result<void> read_auth(Settings& settings, const std::string& value) {
  if (value != "none") return invalid_argument("none (there is no access control in this build)");
  settings.open_to_all = true;
  return {};
}

constexpr std::int64_t kMaxInt = std::numeric_limits<int>::max();

const std::vector<SettingRow>& rows() {
  static const std::vector<SettingRow> table{
      {"API_HOST", "--host", text_into(&Settings::host)},
      {"API_PORT", "--port", into(&Settings::port, integer(0, 65535))},
      {"CONTAINER_CPU_LIMIT", "", read_cpu_limit},
      {"CONTAINER_MEMORY_LIMIT", "", read_memory_limit},
      {"CORS_ORIGINS", "", into(&Settings::cors_origins, origins)},
      {"GEMINI_API_KEY", "", text_into(&Settings::gemini_api_key)},
      {"GEMINI_BASE_URL", "", into(&Settings::gemini_base_url, parse_base_url)},
      {"LLM_MODEL", "--model", text_into(&Settings::model)},
      {"LOG_FORMAT", "--log-format", read_log_format},
      {"LOG_LEVEL", "--log-level", into(&Settings::log_level, log_level)},
      {"MAX_RETRIES", "", into(&Settings::max_retries, integer(0, 100))},
      {"MAX_SESSIONS_PER_WORKER", "", into(&Settings::max_sessions_per_worker, integer(1, 100'000))},
      {"MCP_PORT_RANGE_END", "", into(&Settings::mcp_last, integer(0, 65535))},
      {"MCP_PORT_RANGE_START", "", into(&Settings::mcp_first, integer(0, 65535))},
      {"MODE", "--role", read_role},
      {"OTTOBOT_AUTH", "", read_auth},
      {"OTTOBOT_BACKEND", "--backend", text_into(&Settings::backend)},
      {"OTTOBOT_DATA_DIR", "--data-dir", path_into(&Settings::data_dir)},
      {"OTTOBOT_QUEUE", "--queue", text_into(&Settings::queue)},
      {"OTTOBOT_RETENTION", "", into(&Settings::retention, parse_duration)},
      {"OTTOBOT_SANDBOXD", "--sandboxd", path_into(&Settings::sandboxd)},
      {"OTTOBOT_STORE", "--store", text_into(&Settings::store)},
      {"PUBLIC_URL", "", into(&Settings::public_url, parse_base_url)},
      {"QUEUE_LIMIT", "", into(&Settings::queue_limit, integer(1, kMaxInt))},
      {"SESSION_TIMEOUT", "", into(&Settings::session_timeout_s, integer(300, 7200))},
      {"VNC_PORT_RANGE_END", "", into(&Settings::vnc_last, integer(0, 65535))},
      {"VNC_PORT_RANGE_START", "", into(&Settings::vnc_first, integer(0, 65535))},
      {"WORKER_CONCURRENCY", "", into(&Settings::worker_concurrency, integer(1, 100'000))},
      {"WORKER_ID", "", text_into(&Settings::worker_id)},
  };
  return table;
}

constexpr std::array<std::string_view, 15> kUnused{"AGENT_IMAGE",
                                                   "ANTHROPIC_API_KEY",
                                                   "ANTHROPIC_BASE_URL",
                                                   "CONTAINER_NETWORK",
                                                   "CONTEXT_WINDOW_SIZE",
                                                   "DOCKER_HOST",
                                                   "OPENAI_API_KEY",
                                                   "OPENAI_BASE_URL",
                                                   "REDIS_HOST",
                                                   "REDIS_PASSWORD",
                                                   "REDIS_PORT",
                                                   "SESSION_SECRET",
                                                   "WARM_POOL_SIZE",
                                                   "OTTOBOT_ADVERTISE_URL",
                                                   "OTTOBOT_CLUSTER_SECRET"};

}  // namespace

std::span<const SettingRow> setting_table() { return rows(); }

const SettingRow* find_setting(std::string_view name) {
  const auto& table = rows();
  const auto row = std::find_if(table.begin(), table.end(), [&](const SettingRow& each) { return each.name == name; });
  return row == table.end() ? nullptr : &*row;
}

bool is_unused_setting(std::string_view name) {
  return std::find(kUnused.begin(), kUnused.end(), name) != kUnused.end();
}

bool is_refused_setting(std::string_view name) { return name == "OTTOBOT_API_KEYS"; }

}  // namespace ottobot::config
