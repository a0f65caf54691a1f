// From settings to the parts and options of a Server.
#pragma once

#include "config/registry.hpp"
#include "ottobot/server.hpp"

namespace ottobot::cli {

struct PartsParams {
  const config::Registry& registry;
  const config::Settings& settings;
  Logger& logger;
  std::filesystem::path state_dir;  // made (0700) when missing
};

// `settings` and `logger` outlive the parts. Errors: unsupported (a name that is not available), those of the parts.
Result<ServerParts> make_parts(const PartsParams& params);

ServerOptions server_options(const config::Settings& settings);

// A folder that only its owner may enter, and the folders above it. Errors: those of the file system.
Result<void> make_private_dir(const std::filesystem::path& dir);

// Removes every sandbox of `instance`, as far as the backend lets us.
void remove_sandboxes(ContainerBackend& backend, const std::string& instance, const CallContext& ctx);

}  // namespace ottobot::cli
