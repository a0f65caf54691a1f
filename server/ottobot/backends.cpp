#include "backends.hpp"

#include <system_error>

#include "builtins.hpp"
#include "ottobot/containers/local.hpp"

namespace ottobot::cli {
namespace {

using config::BuildContext;
namespace fs = std::filesystem;

constexpr std::chrono::milliseconds kQuickLook{2000};

bool has_local_sandboxes(const BuildContext& context) {
  std::error_code error;
  const auto folder = context.state_dir / "local/sandboxes";
  return fs::exists(folder, error) && !fs::is_empty(folder, error) && !error;
}

// By environment, the best first. Only the default name stands for several.
std::map<std::string, std::vector<std::string>> agent_images(const std::string& name) {
  if (name != config::Settings{}.agent_image) return {{"", {name}}};
  const std::string full = name + ":full", lean = name + ":lean";
  return {{"", {full, lean}}, {"full-stack", {name + ":ide", full, lean}}};
}

}  // namespace

Result<std::unique_ptr<ContainerBackend>> make_local(const BuildContext& context) {
  auto sandboxd = find_sandboxd(context.settings);
  if (!sandboxd) return fail(sandboxd.error());
  containers::LocalBackendOptions options;
  options.state_dir = context.state_dir / "local";
  options.sandboxd_path = *sandboxd;
  options.instance = context.instance;
  // A server that listens beyond loopback could otherwise be used from its own sandboxes.
  options.host_reachable = config::listens_on_loopback(context.settings);
  options.clock = &context.clock;
  options.logger = &context.logger;
  return containers::make_local_backend(std::move(options));
}

containers::DockerOptions docker_options(const config::Settings& settings) {
  containers::DockerOptions options;
  options.engine = {settings.docker_host, settings.docker_tls_verify, settings.docker_cert_path.string()};
  options.images = agent_images(settings.agent_image);
  options.network = settings.container_network;
  return options;
}

Result<std::unique_ptr<ContainerBackend>> make_docker(const BuildContext& context) {
  auto sandboxd = find_sandboxd(context.settings);
  if (!sandboxd) return fail(sandboxd.error());
  containers::DockerOptions options = docker_options(context.settings);
  options.state_dir = context.state_dir / "docker";
  options.sandboxd_path = *sandboxd;
  options.instance = context.instance;
  return containers::make_docker_backend(std::move(options), context.clock, context.logger);
}

Result<std::unique_ptr<ContainerBackend>> make_best_backend(const BuildContext& context) {
  if (has_local_sandboxes(context)) return make_local(context);
  auto image = containers::find_docker_image(docker_options(context.settings), "", with_timeout(kQuickLook));
  if (!image) {
    context.logger.debug("sandboxes are local: " + image.error().message);
    return make_local(context);
  }
  context.logger.info("sandboxes are containers", {{"image", *image}});
  return make_docker(context);
}

}  // namespace ottobot::cli
