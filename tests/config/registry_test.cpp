#include "config/registry.hpp"

#include <gtest/gtest.h>

namespace ottobot::config {
namespace {

TEST(Registry, AnUnknownNameListsWhatIsThere) {
  Registry registry;
  registry.stores.add("sqlite", [](const BuildContext&) { return Result<std::unique_ptr<SessionStore>>(); });
  registry.stores.add("memory", [](const BuildContext&) { return Result<std::unique_ptr<SessionStore>>(); });
  const Settings settings;
  auto store = registry.stores.make("redis", {settings, system_clock(), null_logger(), "", ""});
  ASSERT_FALSE(store);
  EXPECT_EQ(store.error().code, ErrorCode::unsupported);
  EXPECT_EQ(store.error().message, "the store \"redis\" is not available in this build");
  EXPECT_EQ(store.error().hint, "available: memory, sqlite");
}

TEST(Registry, AFactorySeesTheSettings) {
  Registry registry;
  int seen = 0;
  registry.queues.add("memory", [&](const BuildContext& context) -> Result<std::unique_ptr<Queue>> {
    seen = context.settings.port;
    return unavailable("as told");
  });
  Settings settings;
  settings.port = 4711;
  auto queue = registry.queues.make("memory", {settings, system_clock(), null_logger(), "", ""});
  ASSERT_FALSE(queue);
  EXPECT_EQ(queue.error().message, "as told");
  EXPECT_EQ(seen, 4711);
}

}  // namespace
}  // namespace ottobot::config
