#include "ottobot/stores/redis.hpp"
#include "redis/client.hpp"
#include "redis/server_error.hpp"
#include "stores/redis/handshake.hpp"

namespace ottobot {
namespace {

using redis::Request;

constexpr int kOldestMajor = 7;  // sharded pub/sub

// The value of "name:value\r\n" in what INFO says.
std::string info_value(std::string_view info, std::string_view name) {
  const auto begin = info.find("\n" + std::string(name) + ":");
  if (begin == std::string_view::npos) return {};
  const auto value = info.substr(begin + name.size() + 2);
  return std::string(value.substr(0, value.find_first_of("\r\n")));
}

Result<void> check_version(const std::string& version) {
  if (version.empty() || std::atoi(version.c_str()) >= kOldestMajor) return {};
  return unsupported("Redis " + version + " is too old", std::string(redis::kVersionHint));
}

}  // namespace

Result<RedisReport> probe_redis(const RedisOptions& options, const CallContext& ctx) {
  auto client = redis::Client::connect(options);
  if (!client) return fail(client.error());
  auto info = (*client)->call(Request::command({"INFO"}, 0), ctx);
  if (!info) return fail(info.error());
  const std::string text = "\n" + info->str();
  RedisReport report{info_value(text, "redis_version"), (*client)->is_cluster(), info_value(text, "aof_enabled") == "1",
                     info_value(text, "maxmemory_policy") != "noeviction"};
  if (auto usable = check_version(report.version); !usable) return fail(usable.error());
  if (auto usable = stores::check_server(**client, ctx); !usable) return fail(usable.error());
  // A key that goes by itself.
  auto written = (*client)->call(Request::command({"SET", options.key_prefix + ":probe", "", "PX", "1000"}), ctx);
  if (!written) return fail(written.error());
  return report;
}

}  // namespace ottobot
