#include "ottobot/server.hpp"

#include "service/assembly.hpp"

namespace ottobot {

Result<std::unique_ptr<Server>> Server::start(ServerParts parts, ServerOptions options) {
  auto assembly = std::make_unique<service::Assembly>(std::move(parts), std::move(options));
  if (auto started = assembly->start(); !started) return fail(started.error());
  return assembly;
}

}  // namespace ottobot
