#include "bench/quiet_server.hpp"

#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <filesystem>

#include "bench/support.hpp"
#include "ottobot/llm/scripted.hpp"
#include "ottobot/server.hpp"
#include "ottobot/stores/memory.hpp"
#include "ottobot/stores/redis.hpp"
#include "ottobot/stores/sqlite.hpp"
#include "ottobot/testing/fake_container_backend.hpp"

namespace ottobot::bench {
namespace {

bool is_redis(const std::string& place) { return place.rfind(kRedisPlace, 0) == 0; }

ServerParts make_parts(const std::string& place) {
  ServerParts parts;
  if (is_redis(place)) {
    RedisOptions redis;
    redis.host = "127.0.0.1";
    redis.port = std::stoi(place.substr(std::strlen(kRedisPlace)));
    parts.store = must(make_redis_store(redis));
    parts.queue = must(make_redis_queue(redis));
  } else {
    parts.store = must(make_sqlite_store({.data_dir = place}));
    parts.queue = make_memory_queue();
  }
  testing::FakeContainerOptions sandboxes;
  sandboxes.on_launch = [](const LaunchParams&, const CallContext& ctx) -> Result<void> {
    while (system_clock().sleep_for(std::chrono::hours(1), ctx)) {
    }
    return unavailable("no sandbox comes up here");
  };
  parts.backend = std::make_unique<testing::FakeContainerBackend>(std::move(sandboxes));
  ScriptedOptions script;
  script.scenario = make_demo_scenario();
  parts.providers.emplace_back("scripted", must(make_scripted_provider(std::move(script))));
  return parts;
}

}  // namespace

ServerCommand quiet_server() { return {"ottobot", {std::filesystem::canonical("/proc/self/exe"), kServeFlag}}; }

int serve_quietly(const std::string& place) {
  ServerOptions options;
  options.port = 0;
  if (is_redis(place)) {
    options.role = ServerRole::api;
    options.uses_redis = true;
  }
  options.default_model = "scripted:demo";
  options.queue_limit = 1'000'000'000;
  options.worker_concurrency = 1;
  options.vnc_ports = options.mcp_ports = {0, 0};
  const auto server = must(Server::start(make_parts(place), options));
  std::printf("listening on %s\n", server->url().c_str());
  std::fflush(stdout);
  while (::pause() != 0) {
  }
  return 0;
}

}  // namespace ottobot::bench
