#include "config/settings.hpp"

#include <array>
#include <fstream>
#include <optional>
#include <sstream>
#include <system_error>

#include <unistd.h>

#include "config/key_value_file.hpp"
#include "config/model_name.hpp"
#include "config/setting_table.hpp"
#include "config/value_forms.hpp"
#include "ottobot/ids.hpp"
#include "ottobot/nearest_name.hpp"

namespace ottobot::config {
namespace {

// Of a session: who has others to take over from it must be found dead soon; who has none has time.
constexpr std::chrono::milliseconds kSharedLease{2500}, kOnlyLease{10000};

struct Value {
  std::string text;
  std::string origin;  // "flag --port", ".env:3", …
};
using Values = std::map<std::string, Value>;

Result<std::string> read_text(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  if (file) text << file.rdbuf();
  if (!file || text.bad()) return not_found("cannot read the config file " + path.string());
  return text.str();
}

// Later sources do not replace what earlier ones set, so they come in order of precedence.
void take(Values& values, const std::string& name, const std::string& text, std::string origin) {
  if (!text.empty()) values.try_emplace(name, Value{text, std::move(origin)});
}

void take_flags(Values& values, const SettingSources& sources) {
  for (const auto& [name, text] : sources.flags) {
    const auto* row = find_setting(name);
    take(values, name, text, "flag " + std::string(row && !row->flag.empty() ? row->flag : std::string_view(name)));
  }
}

void take_environment(Values& values, const SettingSources& sources) {
  for (const auto& row : setting_table()) {
    const auto found = sources.environment.find(std::string(row.name));
    if (found != sources.environment.end()) take(values, found->first, found->second, "environment");
  }
}

void warn_about(const KeyValueLine& pair, const std::string& origin, bool own_file,
                std::vector<std::string>& warnings) {
  const auto* row = find_setting(pair.key);
  if (row != nullptr && row->use == SettingUse::checked) {
    warnings.push_back(pair.key + " (" + origin + ") has no effect in this build");
  } else if (row == nullptr && own_file) {
    std::vector<std::string> names;
    for (const auto& each : setting_table()) names.emplace_back(each.name);
    const auto nearest = nearest_name(pair.key, names);
    warnings.push_back(pair.key + " (" + origin + ") is not a setting; " +
                       (nearest.empty() ? "docs/configuration.md lists them" : "did you mean " + nearest + "?"));
  }
}

// `.env` is shared with other programs, so only our own config file is told off for names that nobody knows.
Result<void> take_file(Values& values, const std::filesystem::path& path, bool own_file,
                       std::vector<std::string>& warnings) {
  auto text = read_text(path);
  if (!text) return fail(text.error());
  const auto name = own_file ? path.string() : path.filename().string();
  auto pairs = parse_key_values(*text, name);
  if (!pairs) return fail(pairs.error());
  // The last one of a name wins within a file.
  for (auto pair = pairs->rbegin(); pair != pairs->rend(); ++pair) {
    const auto origin = name + ":" + std::to_string(pair->line);
    warn_about(*pair, origin, own_file, warnings);
    take(values, pair->key, pair->value, origin);
  }
  return {};
}

Result<void> take_dotenv(Values& values, const SettingSources& sources, std::vector<std::string>& warnings) {
  if (sources.working_dir.empty()) return {};
  const auto path = sources.working_dir / ".env";
  std::error_code ignored;
  if (!std::filesystem::is_regular_file(path, ignored)) return {};
  return take_file(values, path, false, warnings);
}

Result<Values> collect(const SettingSources& sources, std::vector<std::string>& warnings) {
  Values values;
  take_flags(values, sources);
  take_environment(values, sources);
  if (auto read = take_dotenv(values, sources, warnings); !read) return fail(read.error());
  if (!sources.config_file.empty()) {
    if (auto read = take_file(values, sources.config_file, true, warnings); !read) return fail(read.error());
  }
  return values;
}

Result<void> read_value(Settings& settings, const SettingRow& row, const Value& value) {
  const std::string name(row.name);
  auto read = row.read(settings, value.text);
  if (read) return {};
  return invalid_argument(name + " (" + value.origin + ")" + (row.secret ? "" : " is \"" + value.text + "\"") +
                              ": expected " + read.error().message,
                          "for example " + name + "=" + std::string(row.example));
}

Result<void> read_values(Settings& settings, const Values& values) {
  for (const auto& [name, value] : values) {
    const auto* row = find_setting(name);
    if (row == nullptr) continue;
    if (auto read = read_value(settings, *row, value); !read) return read;
  }
  return {};
}

// Where the server of these settings is reached from this machine.
std::string own_url(const Settings& settings) {
  std::string host = settings.host == "0.0.0.0" ? "127.0.0.1" : settings.host == "::" ? "::1" : settings.host;
  if (host.find(':') != std::string::npos) host = "[" + host + "]";
  const std::string scheme = settings.tls_cert.empty() ? "http://" : "https://";
  return scheme + host + ":" + std::to_string(settings.port);
}

Result<void> check_range(const char* name, int first, int last) {
  if (first <= last && (first > 0 || last == 0)) return {};
  return invalid_argument(std::string(name) + "_PORT_RANGE_START..END is " + std::to_string(first) + ".." +
                              std::to_string(last) + ": expected a start from 1 up to the end",
                          "set both to 0 for no ports of their own");
}

Result<void> check_tls(const Settings& settings) {
  if (settings.tls_cert.empty() == settings.tls_key.empty()) return {};
  const bool has_cert = !settings.tls_cert.empty();
  return invalid_argument(has_cert ? "OTTOBOT_TLS_CERT is set, but OTTOBOT_TLS_KEY is not"
                                   : "OTTOBOT_TLS_KEY is set, but OTTOBOT_TLS_CERT is not",
                          "https needs a certificate and its key: --tls-cert FILE --tls-key FILE");
}

// A queue on Redis has the sessions of a store on Redis, and the other way round.
Result<void> check_store_and_queue(Settings& settings) {
  if (settings.queue.empty()) settings.queue = settings.store == "redis" ? "redis" : "memory";
  if ((settings.store == "redis") == (settings.queue == "redis")) return {};
  return invalid_argument("the store " + settings.store + " does not go with the queue " + settings.queue,
                          "use --store redis --queue redis, or neither");
}

// Processes of one service find each other through Redis, and know each other by a secret.
Result<void> check_role(const Settings& settings) {
  if (settings.advertise_url.starts_with("https:")) {
    return invalid_argument("OTTOBOT_ADVERTISE_URL is https: processes of one service speak plain http to each other",
                            "give them a network of their own, and an http:// address in it");
  }
  const bool speaks_tls = !settings.tls_cert.empty() && settings.advertise_url.empty();
  if (settings.role == ServerRole::worker && speaks_tls) {
    return invalid_argument("a worker with a certificate cannot be reached by the other processes, which speak plain http",
                            "leave --tls-cert and --tls-key to what users reach: the API servers, or a proxy");
  }
  if (settings.role == ServerRole::all) return {};
  if (settings.store != "redis") {
    return invalid_argument("the roles api and worker need a store that they share", "use --store redis");
  }
  if (!settings.access.cluster_secret.empty()) return {};
  return invalid_argument("OTTOBOT_CLUSTER_SECRET must be set, and be the same for every process",
                          "make one: openssl rand -hex 32");
}

// Where others may be on other hosts, it says on which one it is.
std::string own_worker_id(const Settings& settings) {
  std::array<char, 256> host{};
  const std::string id = "worker-" + std::to_string(::getpid());
  if (settings.store != "redis" || ::gethostname(host.data(), host.size() - 1) != 0) return id;
  // In containers neither host nor pid need be one's own.
  return std::string(host.data()) + "-" + new_id().substr(0, 6) + "-" + id;
}

Result<void> complete(Settings& settings, const SettingSources& sources) {
  if (auto ok = check_range("VNC", settings.vnc_first, settings.vnc_last); !ok) return ok;
  if (auto ok = check_range("MCP", settings.mcp_first, settings.mcp_last); !ok) return ok;
  if (auto ok = check_tls(settings); !ok) return ok;
  if (auto ok = check_store_and_queue(settings); !ok) return ok;
  if (auto ok = check_role(settings); !ok) return ok;
  if (settings.worker_id.empty()) settings.worker_id = own_worker_id(settings);
  if (settings.lease_ttl.count() == 0) settings.lease_ttl = settings.store == "redis" ? kSharedLease : kOnlyLease;
  if (settings.model.empty()) settings.model = settings.gemini_api_key.empty() ? kDemoModel : kDefaultGeminiModel;
  if (settings.server_url.empty()) settings.server_url = own_url(settings);
  if (settings.data_dir.empty()) {
    auto path = default_data_dir(sources.environment, ::geteuid() == 0);
    if (!path) return fail(path.error());
    settings.data_dir = std::move(*path);
  }
  const auto home = sources.environment.find("HOME");
  if (settings.docker_cert_path.empty() && home != sources.environment.end()) {
    settings.docker_cert_path = std::filesystem::path(home->second) / ".docker";
  }
  std::error_code error;
  auto absolute = std::filesystem::absolute(settings.data_dir, error);
  if (!error) settings.data_dir = std::move(absolute);
  return {};
}

// Each key of a list of user:key.
void add_keys(std::vector<std::string>& secrets, const std::string& lines) {
  for (const std::string& line : parse_list(lines)) {
    const auto colon = line.find(':');
    if (colon != std::string::npos) secrets.push_back(line.substr(colon + 1));
  }
}

}  // namespace

SettingSources process_sources(std::map<std::string, std::string> flags, std::filesystem::path config_file) {
  SettingSources sources;
  sources.flags = std::move(flags);
  sources.config_file = std::move(config_file);
  for (char** entry = ::environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view pair(*entry);
    const auto equals = pair.find('=');
    if (equals == std::string_view::npos) continue;
    sources.environment.emplace(pair.substr(0, equals), pair.substr(equals + 1));
  }
  std::error_code error;
  sources.working_dir = std::filesystem::current_path(error);
  return sources;
}

Result<Settings> load_settings(const SettingSources& sources) {
  Settings settings;
  auto values = collect(sources, settings.warnings);
  if (!values) return fail(values.error());
  if (auto applied = read_values(settings, *values); !applied) return fail(applied.error());
  if (auto completed = complete(settings, sources); !completed) return fail(completed.error());
  return settings;
}

std::vector<std::string> secret_values(const SettingSources& sources) {
  std::vector<std::string> ignored, secrets;
  const auto values = collect(sources, ignored);
  if (!values) return {};
  for (const auto& [name, value] : *values) {
    const auto* row = find_setting(name);
    if (row != nullptr && row->secret) secrets.push_back(value.text);
    if (name == "OTTOBOT_API_KEYS") add_keys(secrets, value.text);
  }
  return secrets;
}

Result<std::vector<SettingView>> view_settings(const SettingSources& sources) {
  auto settings = load_settings(sources);
  if (!settings) return fail(settings.error());
  auto values = collect(sources, settings->warnings);
  if (!values) return fail(values.error());
  const std::map<std::string_view, std::string> derived{{"LLM_MODEL", settings->model},
                                                        {"DOCKER_CERT_PATH", settings->docker_cert_path.string()},
                                                        {"OTTOBOT_DATA_DIR", settings->data_dir.string()},
                                                        {"OTTOBOT_QUEUE", settings->queue},
                                                        {"OTTOBOT_URL", settings->server_url}};
  std::vector<SettingView> views;
  for (const auto& row : setting_table()) {
    if (row.use != SettingUse::used) continue;
    const auto set = values->find(std::string(row.name));
    if (set != values->end()) {
      views.push_back({set->first, row.secret ? kMasked : set->second.text, set->second.origin});
      continue;
    }
    const auto from = derived.find(row.name);
    views.push_back({std::string(row.name), from == derived.end() ? std::string(row.usual) : from->second, "default"});
  }
  return views;
}

Result<std::filesystem::path> default_data_dir(const std::map<std::string, std::string>& environment, bool is_root) {
  if (is_root) return std::filesystem::path("/var/lib/ottobot");
  const auto value_of = [&](const char* name) {
    const auto found = environment.find(name);
    return found == environment.end() ? std::string() : found->second;
  };
  // The XDG specification has relative paths ignored.
  if (const std::filesystem::path data = value_of("XDG_DATA_HOME"); data.is_absolute()) return data / "ottobot";
  if (const std::filesystem::path home = value_of("HOME"); home.is_absolute()) return home / ".local/share/ottobot";
  return not_found("no place for the data: neither XDG_DATA_HOME nor HOME is set", "set OTTOBOT_DATA_DIR");
}

bool listens_on_loopback(const Settings& settings) {
  return settings.host == "localhost" || settings.host == "::1" || settings.host.rfind("127.", 0) == 0;
}

}  // namespace ottobot::config
