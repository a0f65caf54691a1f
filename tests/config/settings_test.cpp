#include "config/settings.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "config/model_name.hpp"
#include "config/setting_table.hpp"
#include "ottobot/ids.hpp"

namespace ottobot::config {
namespace {

namespace fs = std::filesystem;

class SettingsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    dir_ = fs::temp_directory_path() / ("ottobot-settings-" + new_id());
    fs::create_directories(dir_);
    sources_.environment["HOME"] = dir_.string();
  }
  void TearDown() override { fs::remove_all(dir_); }

  fs::path write(const std::string& name, const std::string& text) {
    std::ofstream(dir_ / name) << text;
    return dir_ / name;
  }
  Settings load() {
    auto settings = load_settings(sources_);
    EXPECT_TRUE(settings) << (settings ? "" : settings.error().to_string());
    return settings.value_or(Settings{});
  }
  Error error() {
    auto settings = load_settings(sources_);
    EXPECT_FALSE(settings);
    return settings ? Error{} : settings.error();
  }

  fs::path dir_;
  SettingSources sources_;
};

TEST_F(SettingsTest, DefaultsNeedNothing) {
  const auto settings = load();
  EXPECT_EQ(settings.host, "127.0.0.1");
  EXPECT_EQ(settings.port, 3000);
  EXPECT_EQ(settings.model, kDemoModel);
  EXPECT_EQ(settings.limits.memory_bytes, 2ull << 30);
  EXPECT_EQ(settings.worker_id.rfind("worker-", 0), 0u);
  EXPECT_TRUE(settings.data_dir.is_absolute());
  EXPECT_TRUE(settings.warnings.empty());
}

TEST_F(SettingsTest, ACertificateNeedsItsKeyAndMakesTheUrlHttps) {
  sources_.environment["OTTOBOT_TLS_CERT"] = "c.pem";
  EXPECT_EQ(error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(error().message, "OTTOBOT_TLS_CERT is set, but OTTOBOT_TLS_KEY is not");
  sources_.environment["OTTOBOT_TLS_KEY"] = "k.pem";
  EXPECT_EQ(load().server_url, "https://127.0.0.1:3000");
  sources_.environment.erase("OTTOBOT_TLS_CERT");
  EXPECT_EQ(error().message, "OTTOBOT_TLS_KEY is set, but OTTOBOT_TLS_CERT is not");
}

TEST_F(SettingsTest, EachSourceBeatsTheNext) {
  sources_.config_file = write("my.conf", "API_PORT=1\nQUEUE_LIMIT=1\nMAX_RETRIES=1\nWORKER_ID=conf\n");
  EXPECT_EQ(load().port, 1);
  write(".env", "API_PORT=2\nQUEUE_LIMIT=2\nMAX_RETRIES=2\n");
  sources_.working_dir = dir_;
  EXPECT_EQ(load().port, 2);
  sources_.environment["API_PORT"] = "3";
  sources_.environment["QUEUE_LIMIT"] = "3";
  EXPECT_EQ(load().port, 3);
  sources_.flags["API_PORT"] = "4";
  const auto settings = load();
  EXPECT_EQ(settings.port, 4);
  EXPECT_EQ(settings.queue_limit, 3u);
  EXPECT_EQ(settings.max_retries, 2);
  EXPECT_EQ(settings.worker_id, "conf");
}

TEST_F(SettingsTest, AnEmptyValueCountsAsNotSet) {
  sources_.environment["API_PORT"] = "";
  write(".env", "API_PORT=\nLLM_MODEL=\n");
  sources_.working_dir = dir_;
  EXPECT_EQ(load().port, 3000);
}

TEST_F(SettingsTest, TheLastLineOfANameWinsInAFile) {
  sources_.config_file = write("my.conf", "API_PORT=1\nAPI_PORT=2\n");
  EXPECT_EQ(load().port, 2);
}

TEST_F(SettingsTest, ErrorsNameSettingOriginAndForm) {
  sources_.flags["API_PORT"] = "http";
  auto from_flag = error();
  EXPECT_EQ(from_flag.code, ErrorCode::invalid_argument);
  EXPECT_EQ(from_flag.message, "API_PORT (flag --port) is \"http\": expected a whole number, 0 to 65535");
  EXPECT_EQ(from_flag.hint, "for example API_PORT=3000");
  sources_.flags.clear();
  sources_.config_file = write("my.conf", "\nCONTAINER_MEMORY_LIMIT=lots\n");
  const auto from_file = error().message;
  EXPECT_NE(from_file.find("my.conf:2"), std::string::npos) << from_file;
  EXPECT_NE(from_file.find("2g, 512m"), std::string::npos) << from_file;
}

TEST_F(SettingsTest, EveryMalformedValueIsRefused) {
  const std::pair<const char*, const char*> bad[] = {
      {"MODE", "both"},
      {"OTTOBOT_LEASE_TTL", "soon"},
      {"SESSION_TIMEOUT", "0"},
      {"LOG_LEVEL", "loud"},
      {"LOG_FORMAT", "xml"},
      {"PUBLIC_URL", "example"},
      {"OTTOBOT_RETENTION", "week"},
      {"QUEUE_LIMIT", "0"},
      {"WORKER_CONCURRENCY", "0"},
      {"CONTAINER_CPU_LIMIT", "none"},
      {"CONTAINER_DISK_LIMIT", "1m"},
      {"OTTOBOT_AUTH", "maybe"},
      {"MAX_RETRIES", "-1"},
      {"CONTAINER_MEMORY_LIMIT", "1k"},
      {"REDIS_PORT", "tcp"},
      {"REDIS_HOST", "redis://x"},
      {"CONTEXT_WINDOW_SIZE", "100k"},
      {"OPENAI_BASE_URL", "x"},
      {"DOCKER_HOST", "docker"},
      {"WARM_POOL_SIZE", "-1"},
      {"OTTOBOT_RATE_LIMIT", "-1"},
      {"OTTOBOT_PREVIEW_DOMAIN", "https://apps.example.com"},
  };
  for (const auto& [name, value] : bad) {
    sources_.flags = {{name, value}};
    EXPECT_NE(error().message.find(name), std::string::npos) << name;
  }
}

TEST_F(SettingsTest, TheEngineIsFoundAsDockersOwnClientFindsIt) {
  EXPECT_EQ(load().docker_host, "");
  EXPECT_FALSE(load().docker_tls_verify);
  EXPECT_EQ(load().agent_image, "ottobot-agent");
  sources_.environment = {{"HOME", "/x"}, {"DOCKER_HOST", "tcp://h:2376"}, {"DOCKER_TLS_VERIFY", "1"}};
  const auto settings = load();
  EXPECT_EQ(settings.docker_host, "tcp://h:2376");
  EXPECT_TRUE(settings.docker_tls_verify);
  EXPECT_EQ(settings.docker_cert_path, "/x/.docker");
  sources_.environment["CONTAINER_NETWORK"] = "a network";
  EXPECT_NE(error().message.find("CONTAINER_NETWORK"), std::string::npos);
}

TEST_F(SettingsTest, PortRangesMustRise) {
  sources_.environment["VNC_PORT_RANGE_START"] = "7000";
  sources_.environment["VNC_PORT_RANGE_END"] = "6999";
  EXPECT_NE(error().message.find("VNC_PORT_RANGE"), std::string::npos);
  sources_.environment["VNC_PORT_RANGE_START"] = sources_.environment["VNC_PORT_RANGE_END"] = "0";
  EXPECT_EQ(load().vnc_first, 0);
}

TEST_F(SettingsTest, StoreAndQueueAreOnRedisTogether) {
  EXPECT_EQ(load().queue, "memory");
  sources_.environment["OTTOBOT_STORE"] = "redis";
  EXPECT_EQ(load().queue, "redis");
  sources_.environment["OTTOBOT_QUEUE"] = "memory";
  EXPECT_NE(error().message.find("does not go with"), std::string::npos);
  sources_.environment["OTTOBOT_STORE"] = "sqlite";
  EXPECT_EQ(load().queue, "memory");
  sources_.environment["OTTOBOT_QUEUE"] = "redis";
  EXPECT_NE(error().hint.find("--store redis"), std::string::npos);
}

TEST_F(SettingsTest, TheUrlOfRedisCountsMoreThanItsParts) {
  sources_.environment = {{"HOME", "/h"}, {"REDIS_HOST", "r"}, {"REDIS_PORT", "7000"}, {"REDIS_PASSWORD", "p"}};
  EXPECT_EQ(load().redis.host, "r");
  EXPECT_EQ(load().redis.port, 7000);
  EXPECT_EQ(load().redis.password, "p");
  sources_.environment["REDIS_URL"] = "rediss://ann@other/2";
  const auto redis = load().redis;
  EXPECT_EQ(redis.host, "other");
  EXPECT_EQ(redis.port, 6379);
  EXPECT_EQ(redis.user, "ann");
  EXPECT_EQ(redis.password, "p");
  EXPECT_EQ(redis.database, 2);
  EXPECT_TRUE(redis.tls);
  sources_.environment["REDIS_URL"] = "redis://ann:s3cret@other";
  EXPECT_EQ(load().redis.password, "s3cret");
  sources_.environment["REDIS_URL"] = "http://other:s3cret";
  EXPECT_EQ(error().message.find("s3cret"), std::string::npos);
  EXPECT_NE(error().message.find("rediss://"), std::string::npos);
}

TEST_F(SettingsTest, UnknownNamesOfTheConfigFileAreWarnedAbout) {
  sources_.config_file = write("my.conf", "API_PROT=1\nOPENAI_API_KEY=k\n");
  const auto settings = load();
  ASSERT_EQ(settings.warnings.size(), 2u);
  EXPECT_NE(settings.warnings[0].find("OPENAI_API_KEY"), std::string::npos);
  EXPECT_NE(settings.warnings[1].find("API_PROT"), std::string::npos);
}

TEST_F(SettingsTest, ATypingErrorIsToldTheNearestName) {
  sources_.config_file = write("my.conf", "API_PROT=1\n");
  EXPECT_NE(load().warnings.at(0).find("did you mean API_PORT?"), std::string::npos);
}

TEST_F(SettingsTest, ForeignNamesOfDotEnvAreNobodysBusiness) {
  write(".env", "MY_APP=1\n");
  sources_.working_dir = dir_;
  EXPECT_TRUE(load().warnings.empty());
}

TEST_F(SettingsTest, AMissingConfigFileIsAnError) {
  sources_.config_file = dir_ / "none.conf";
  EXPECT_EQ(error().code, ErrorCode::not_found);
}

TEST_F(SettingsTest, EachKeyOfAListIsASecret) {
  sources_.environment["OTTOBOT_API_KEYS"] = "ann:topsecret, bob:othersecret";
  const auto secrets = secret_values(sources_);
  for (const char* key : {"topsecret", "othersecret"}) {
    EXPECT_NE(std::find(secrets.begin(), secrets.end(), key), secrets.end()) << key;
  }
  const auto views = view_settings(sources_);
  ASSERT_TRUE(views);
  for (const auto& view : *views) EXPECT_EQ(view.value.find("topsecret"), std::string::npos) << view.name;
}

TEST_F(SettingsTest, BoundsAndProxiesOfAccess) {
  EXPECT_EQ(load().auth, Auth::automatic);
  sources_.environment["OTTOBOT_AUTH"] = "keys";
  sources_.environment["OTTOBOT_RATE_LIMIT"] = "7";
  sources_.environment["OTTOBOT_TRUSTED_PROXIES"] = "10.0.0.0/8, 192.0.2.1";
  const auto settings = load();
  EXPECT_EQ(settings.auth, Auth::keys);
  EXPECT_EQ(settings.access.requests_per_minute, 7);
  EXPECT_EQ(settings.access.trusted_proxies, (std::vector<std::string>{"10.0.0.0/8", "192.0.2.1"}));
  sources_.environment["OTTOBOT_TRUSTED_PROXIES"] = "none";
  EXPECT_TRUE(load().access.trusted_proxies.empty());
}

TEST_F(SettingsTest, TheClientsServerIsTheOneOfTheseSettings) {
  EXPECT_EQ(load().server_url, "http://127.0.0.1:3000");
  sources_.environment = {{"HOME", "/x"}, {"API_HOST", "::"}, {"API_PORT", "8000"}};
  EXPECT_EQ(load().server_url, "http://[::1]:8000");
  sources_.environment["OTTOBOT_URL"] = "https://example.com/";
  EXPECT_EQ(load().server_url, "https://example.com");
}

TEST_F(SettingsTest, TheViewNamesOriginsAndMasksSecrets) {
  sources_.environment["GEMINI_API_KEY"] = "topsecret";
  sources_.flags["API_PORT"] = "4000";
  write(".env", "# mine\nexport LOG_FORMAT='text'\n");
  sources_.working_dir = dir_;
  const auto views = view_settings(sources_);
  ASSERT_TRUE(views) << views.error().to_string();
  std::map<std::string, std::string> shown;
  for (const auto& view : *views) shown[view.name] = view.value + " from " + view.origin;
  EXPECT_EQ(shown["GEMINI_API_KEY"], "*** from environment");
  EXPECT_EQ(shown["API_PORT"], "4000 from flag --port");
  EXPECT_EQ(shown["LOG_FORMAT"], "text from .env:2");
  EXPECT_EQ(shown["LLM_MODEL"], "gemini:gemini-2.5-pro from default");
  EXPECT_EQ(shown["OTTOBOT_RETENTION"], "7d from default");
}

TEST_F(SettingsTest, AGeminiKeyChoosesGeminiAndLlmModelWins) {
  sources_.environment["GEMINI_API_KEY"] = "k";
  EXPECT_EQ(load().model, kDefaultGeminiModel);
  sources_.environment["LLM_MODEL"] = "gemini-1.5-flash";
  EXPECT_EQ(load().model, "gemini-1.5-flash");
}

TEST(DefaultDataDir, FollowsUserAndXdg) {
  EXPECT_EQ(*default_data_dir({}, true), "/var/lib/ottobot");
  EXPECT_EQ(*default_data_dir({{"XDG_DATA_HOME", "/x"}, {"HOME", "/h"}}, false), "/x/ottobot");
  EXPECT_EQ(*default_data_dir({{"XDG_DATA_HOME", "relative"}, {"HOME", "/h"}}, false), "/h/.local/share/ottobot");
  EXPECT_EQ(default_data_dir({}, false).error().code, ErrorCode::not_found);
}

std::string text_of_file(const fs::path& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

TEST(SettingTable, EverySettingIsDocumentedWithItsFlagAndDefault) {
  const auto text = text_of_file(fs::path(OTTOBOT_DOCS_DIR) / "configuration.md");
  for (const auto& row : setting_table()) {
    const auto at = text.find("\n| `" + std::string(row.name) + "`");
    ASSERT_NE(at, std::string::npos) << row.name;
    const auto line = text.substr(at + 1, text.find('\n', at + 1) - at);
    const auto flag = row.flag.empty() ? std::string("| |") : "| `" + std::string(row.flag) + "` |";
    EXPECT_NE(line.find(flag), std::string::npos) << line;
    const auto usual = row.usual.empty() ? std::string("|") : "`" + std::string(row.usual) + "`";
    EXPECT_NE(line.find(usual), std::string::npos) << line;
  }
}

TEST(SettingTable, EveryDocumentedNameIsASetting) {
  std::istringstream lines(text_of_file(fs::path(OTTOBOT_DOCS_DIR) / "configuration.md"));
  int names = 0;
  for (std::string line; std::getline(lines, line);) {
    if (line.rfind("| `", 0) != 0) continue;
    ++names;
    const auto name = line.substr(3, line.find('`', 3) - 3);
    EXPECT_NE(find_setting(name), nullptr) << name;
  }
  EXPECT_GT(names, 30);
}

TEST(SettingTable, TheTextOfADefaultIsTheDefault) {
  for (const auto& row : setting_table()) {
    if (row.usual.empty() || row.use != SettingUse::used) continue;
    SettingSources with, without;
    with.environment = without.environment = {{"HOME", "/home/x"}, {"WORKER_ID", "w"}};
    with.flags[std::string(row.name)] = std::string(row.usual);
    const auto expected = load_settings(without), settings = load_settings(with);
    ASSERT_TRUE(expected && settings) << row.name;
    EXPECT_EQ(settings->port, expected->port);
    EXPECT_EQ(settings->retention, expected->retention);
    EXPECT_EQ(settings->limits.memory_bytes, expected->limits.memory_bytes);
    EXPECT_EQ(settings->limits.cpus, expected->limits.cpus);
    EXPECT_EQ(settings->cors_origins, expected->cors_origins);
    EXPECT_EQ(settings->preview_domain, expected->preview_domain);
    EXPECT_EQ(settings->max_retries, expected->max_retries);
    EXPECT_EQ(settings->retry_delay, expected->retry_delay);
    EXPECT_EQ(settings->model_idle_timeout, expected->model_idle_timeout);
    EXPECT_EQ(settings->queue_limit, expected->queue_limit);
    EXPECT_EQ(settings->session_timeout_s, expected->session_timeout_s);
    EXPECT_EQ(settings->worker_concurrency, expected->worker_concurrency);
    EXPECT_EQ(settings->max_sessions_per_worker, expected->max_sessions_per_worker);
    EXPECT_EQ(settings->vnc_first, expected->vnc_first);
    EXPECT_EQ(settings->vnc_last, expected->vnc_last);
    EXPECT_EQ(settings->mcp_first, expected->mcp_first);
    EXPECT_EQ(settings->mcp_last, expected->mcp_last);
    EXPECT_EQ(settings->store + settings->queue + settings->backend + settings->host,
              expected->store + expected->queue + expected->backend + expected->host);
    EXPECT_EQ(settings->role, expected->role);
    EXPECT_EQ(settings->lease_ttl, expected->lease_ttl);
    EXPECT_EQ(settings->agent_image, expected->agent_image);
    EXPECT_EQ(settings->container_network, expected->container_network);
    EXPECT_EQ(settings->log_level, expected->log_level);
    EXPECT_EQ(settings->log_format, expected->log_format);
    EXPECT_EQ(settings->auth, expected->auth);
    EXPECT_EQ(settings->access.trusted_proxies, expected->access.trusted_proxies);
    EXPECT_EQ(settings->access.requests_per_minute, expected->access.requests_per_minute);
    EXPECT_EQ(settings->access.sessions_per_minute, expected->access.sessions_per_minute);
    EXPECT_EQ(settings->access.auth_failures_per_minute, expected->access.auth_failures_per_minute);
    EXPECT_EQ(settings->access.max_sessions_per_user, expected->access.max_sessions_per_user);
    EXPECT_EQ(settings->access.max_sockets_per_user, expected->access.max_sockets_per_user);
  }
}

TEST(SettingTable, EveryNameOfTheDocumentedServiceIsKnownAndItsExampleAccepted) {
  const char* names[] = {"MODE",
                         "API_PORT",
                         "API_HOST",
                         "REDIS_HOST",
                         "REDIS_PORT",
                         "REDIS_PASSWORD",
                         "WORKER_CONCURRENCY",
                         "SESSION_TIMEOUT",
                         "MAX_SESSIONS_PER_WORKER",
                         "GEMINI_API_KEY",
                         "OPENAI_API_KEY",
                         "ANTHROPIC_API_KEY",
                         "LLM_MODEL",
                         "CONTEXT_WINDOW_SIZE",
                         "MAX_RETRIES",
                         "CONTAINER_MEMORY_LIMIT",
                         "CONTAINER_CPU_LIMIT",
                         "VNC_PORT_RANGE_START",
                         "VNC_PORT_RANGE_END",
                         "MCP_PORT_RANGE_START",
                         "MCP_PORT_RANGE_END",
                         "CONTAINER_NETWORK",
                         "AGENT_IMAGE",
                         "SESSION_SECRET",
                         "CORS_ORIGINS",
                         "LOG_LEVEL",
                         "LOG_FORMAT",
                         "WORKER_ID",
                         "GEMINI_BASE_URL",
                         "OPENAI_BASE_URL",
                         "ANTHROPIC_BASE_URL",
                         "PUBLIC_URL",
                         "OTTOBOT_API_KEYS",
                         "OTTOBOT_AUTH",
                         "OTTOBOT_DATA_DIR",
                         "OTTOBOT_RETENTION",
                         "OTTOBOT_ADVERTISE_URL",
                         "OTTOBOT_CLUSTER_SECRET",
                         "DOCKER_HOST",
                         "WARM_POOL_SIZE",
                         "QUEUE_LIMIT"};
  for (const char* name : names) {
    const auto* row = find_setting(name);
    ASSERT_NE(row, nullptr) << name;
    SettingSources sources;
    sources.environment = {{"HOME", "/home/x"}, {name, std::string(row->example)}};
    const auto settings = load_settings(sources);
    EXPECT_TRUE(settings) << settings.error().to_string();
  }
}

TEST_F(SettingsTest, TheExampleFileLoadsWithoutAWarning) {
  auto text = text_of_file(OTTOBOT_ENV_EXAMPLE);
  // Its settings are commented out: taken in, each must be a known name with a good value.
  std::string active;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    const bool setting = line.size() > 1 && line[0] == '#' && line[1] >= 'A' && line[1] <= 'Z' &&
                         line.find('=') != std::string::npos && line.find(' ') > line.find('=');
    active += (setting ? line.substr(1) : line) + "\n";
  }
  sources_.config_file = write("example.conf", active);
  const auto settings = load();
  EXPECT_TRUE(settings.warnings.empty()) << settings.warnings.front();
  EXPECT_FALSE(active == text);
}

}  // namespace
}  // namespace ottobot::config
