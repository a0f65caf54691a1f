#include "parts.hpp"

#include <algorithm>
#include <system_error>

#include "config/model_name.hpp"

namespace ottobot::cli {
namespace {

namespace fs = std::filesystem;

// All providers that can be had; the one of the default model must be among them.
Result<void> add_providers(ServerParts& parts, const config::Registry& registry, const config::BuildContext& context) {
  auto model = config::parse_model_name(context.settings.model);
  if (!model) return fail(model.error(), "LLM_MODEL");
  auto wanted = registry.providers.make(model->provider, context);
  if (!wanted) return fail(wanted.error());
  parts.providers.emplace_back(model->provider, std::move(*wanted));
  for (const auto& name : registry.providers.names()) {
    if (name == model->provider) continue;
    if (auto provider = registry.providers.make(name, context))
      parts.providers.emplace_back(name, std::move(*provider));
  }
  return {};
}

}  // namespace

Result<ServerParts> make_parts(const PartsParams& params) {
  config::BuildContext context{params.settings, system_clock(), params.logger, params.state_dir, {}};
  ServerParts parts;
  parts.logger = &params.logger;
  if (auto added = add_providers(parts, params.registry, context); !added) return fail(added.error());
  if (auto made = make_private_dir(params.state_dir); !made) return fail(made.error());
  auto store = params.registry.stores.make(params.settings.store, context);
  if (!store) return fail(store.error());
  parts.store = std::move(*store);
  auto queue = params.registry.queues.make(params.settings.queue, context);
  if (!queue) return fail(queue.error());
  parts.queue = std::move(*queue);
  context.instance = parts.store->store_id();
  if (params.settings.role == ServerRole::api) return parts;
  auto backend = params.registry.backends.make(params.settings.backend, context);
  if (!backend) return fail(backend.error());
  parts.backend = std::move(*backend);
  return parts;
}

ServerOptions server_options(const config::Settings& settings) {
  ServerOptions options;
  options.role = settings.role;
  options.host = settings.host;
  options.port = settings.port;
  options.public_url = settings.public_url;
  options.tls_cert = settings.tls_cert;
  options.tls_key = settings.tls_key;
  options.default_model = settings.model;
  options.max_retries = settings.max_retries;
  options.retry_delay = settings.retry_delay;
  options.model_idle_timeout = settings.model_idle_timeout;
  options.session_timeout_s = settings.session_timeout_s;
  options.queue_limit = settings.queue_limit;
  options.uses_redis = settings.store == "redis";
  options.host_id = settings.host_id;
  options.advertise_url = settings.advertise_url;
  options.lease_ttl = settings.lease_ttl;
  options.worker_concurrency = std::min(settings.worker_concurrency, settings.max_sessions_per_worker);
  options.worker_id = settings.worker_id;
  options.vnc_ports = {settings.vnc_first, settings.vnc_last};
  options.mcp_ports = {settings.mcp_first, settings.mcp_last};
  options.limits = settings.limits;
  options.retention = settings.retention;
  options.warm_pool_size = settings.warm_pool_size;
  options.keeps_sandboxes = settings.keeps_sandboxes;
  options.snapshot_limit_bytes = settings.snapshot_limit_bytes;
  options.cors_origins = settings.cors_origins;
  options.preview_domain = settings.preview_domain;
  options.access = settings.access;
  return options;
}

Result<void> make_private_dir(const fs::path& dir) {
  std::error_code error;
  const bool existed = fs::is_directory(dir, error);
  if (existed) return {};
  fs::create_directories(dir.parent_path(), error);
  if (!error) fs::create_directory(dir, error);
  if (!error) fs::permissions(dir, fs::perms::owner_all, error);
  if (error) return errno_error("cannot make " + dir.string(), error.value());
  return {};
}

void remove_sandboxes(ContainerBackend& backend, const std::string& instance, const CallContext& ctx) {
  auto sandboxes = backend.list({{labels::kInstance, instance}}, ctx);
  if (!sandboxes) return;
  for (const auto& sandbox : *sandboxes) (void)backend.remove(sandbox.name, ctx);
}

}  // namespace ottobot::cli
