#include "leftovers.hpp"

#include "parts.hpp"
#include "run_dir.hpp"

namespace ottobot::cli {

void remove_leftovers(const config::Registry& registry, const config::Settings& settings, Logger& logger,
                      const CallContext& ctx) {
  sweep_dead_runs(settings.data_dir, [&](const std::filesystem::path& dir, const std::string& instance) {
    auto backend = registry.backends.make(settings.backend, {settings, system_clock(), logger, dir, instance});
    if (!backend) return false;
    remove_sandboxes(**backend, instance, ctx);
    auto left = (*backend)->list({{labels::kInstance, instance}}, ctx);
    logger.info("removed what a killed run left", {{"dir", dir.string()}, {"clean", left && left->empty()}});
    return left && left->empty();
  });
}

}  // namespace ottobot::cli
