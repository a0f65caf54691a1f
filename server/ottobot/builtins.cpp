#include "builtins.hpp"

#include <unistd.h>

#include <system_error>
#include <vector>

#include "backends.hpp"
#include "config/model_name.hpp"
#include "ottobot/llm/gemini.hpp"
#include "ottobot/stores/memory.hpp"
#include "ottobot/stores/redis.hpp"
#include "ottobot/stores/sqlite.hpp"
#include "scripted_models.hpp"

namespace ottobot::cli {
namespace {

using config::BuildContext;
namespace fs = std::filesystem;

Result<std::unique_ptr<SessionStore>> sqlite_store(const BuildContext& context) {
  const auto sync = context.settings.sqlite_full_sync ? SqliteSync::full : SqliteSync::normal;
  return make_sqlite_store({.data_dir = context.state_dir, .clock = context.clock, .sync = sync});
}

Result<std::unique_ptr<SessionStore>> memory_store(const BuildContext& context) {
  return make_memory_store(context.clock);
}

Result<std::unique_ptr<Queue>> memory_queue(const BuildContext& context) { return make_memory_queue(context.clock); }

Result<std::unique_ptr<SessionStore>> redis_store(const BuildContext& context) {
  return make_redis_store(context.settings.redis);
}

Result<std::unique_ptr<Queue>> redis_queue(const BuildContext& context) {
  return make_redis_queue(context.settings.redis);
}

Result<std::unique_ptr<LlmProvider>> gemini_provider(const BuildContext& context) {
  const auto& settings = context.settings;
  if (settings.gemini_api_key.empty()) {
    return unauthenticated("the provider gemini needs a key", "set GEMINI_API_KEY, or use --model scripted:demo");
  }
  GeminiOptions options;
  options.api_key = settings.gemini_api_key;
  if (!settings.gemini_base_url.empty()) options.base_url = settings.gemini_base_url;
  options.idle_timeout = settings.model_idle_timeout;
  return make_gemini_provider(std::move(options));
}

Result<std::unique_ptr<LlmProvider>> scripted_provider(const BuildContext& context) {
  auto model = config::parse_model_name(context.settings.model);
  const bool is_file = model && model->provider == "scripted" && model->model.starts_with('/');
  return make_scripted_models(context.clock, is_file ? model->model : "");
}

fs::path program_dir() {
  std::error_code error;
  return fs::read_symlink("/proc/self/exe", error).parent_path();
}

}  // namespace

config::Registry builtin_registry() {
  config::Registry registry;
  registry.backends.add("auto", make_best_backend);
  registry.backends.add("docker", make_docker);
  registry.backends.add("local", make_local);
  registry.stores.add("memory", memory_store);
  registry.stores.add("redis", redis_store);
  registry.stores.add("sqlite", sqlite_store);
  registry.queues.add("memory", memory_queue);
  registry.queues.add("redis", redis_queue);
  registry.providers.add("gemini", gemini_provider);
  registry.providers.add("scripted", scripted_provider);
  return registry;
}

Result<fs::path> find_sandboxd(const config::Settings& settings) {
  std::vector<fs::path> places{settings.sandboxd};
  if (settings.sandboxd.empty()) {
    places = {program_dir() / "ottobot-sandboxd", program_dir() / "../libexec/ottobot/ottobot-sandboxd"};
  }
  std::string looked;
  for (const auto& place : places) {
    if (::access(place.c_str(), X_OK) == 0 && fs::is_regular_file(place)) return fs::weakly_canonical(place);
    looked += (looked.empty() ? "" : ", ") + place.lexically_normal().string();
  }
  return not_found("no ottobot-sandboxd to put into sandboxes (looked for " + looked + ")",
                   "build it (cmake --build build/release --target ottobot-sandboxd) or give --sandboxd FILE");
}

}  // namespace ottobot::cli
