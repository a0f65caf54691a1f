#include "architecture/include_rules.hpp"

namespace ottobot::architecture {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

TEST(Layers, HoldInThisTree) {
  const auto includes = read_includes(OTTOBOT_SOURCE_DIR);
  EXPECT_GT(includes.size(), 500u) << "the sources were not found";
  EXPECT_THAT(violations(includes), IsEmpty());
}

TEST(Layers, RefuseWhatTheTableForbids) {
  const std::vector<Include> forbidden = {
      {"src/core/clock.cpp", "net/server/http_server.hpp"},
      {"src/agent/graph.cpp", "session/blob_refs.hpp"},
      {"src/agent/graph.cpp", "ottobot/session/session_log.hpp"},
      {"src/mcp/client.cpp", "net/client/http_client.hpp"},
      {"src/mcp/client.cpp", "mcp/transports/http_client_transport.hpp"},
      {"src/llm/gemini/gemini_provider.cpp", "stores/sqlite/sqlite_store.hpp"},
      {"src/stores/sqlite/sqlite_store.cpp", "stores/memory/memory_store.hpp"},
      {"src/containers/local/launcher.cpp", "ottobot/mcp/client.hpp"},
      {"src/stores/redis/redis_store.cpp", "hiredis/hiredis.h"},
      {"src/redis/client.cpp", "stores/redis/keys.hpp"},
      {"src/worker/worker.cpp", "api/api.hpp"},
      {"src/api/api.cpp", "worker/worker.hpp"},
      {"src/worker/worker.cpp", "asio.hpp"},
      {"src/agent/graph.cpp", "curl/curl.h"},
      {"src/net/client/http_client.cpp", "websocketpp/server.hpp"},
      {"include/ottobot/clock.hpp", "spdlog/spdlog.h"},
      {"include/ottobot/clock.hpp", "net/http_types.hpp"},
  };
  for (const Include& include : forbidden) EXPECT_THAT(violations({include}), SizeIs(1)) << include.file;
}

TEST(Layers, AllowWhatTheTableAllows) {
  const std::vector<Include> allowed = {
      {"src/worker/worker.cpp", "ottobot/agent/coding_agent.hpp"},
      {"src/mcp/transports/http_client_transport.cpp", "net/client/http_client.hpp"},
      {"src/stores/sqlite/sqlite_store.cpp", "SQLiteCpp/SQLiteCpp.h"},
      {"src/sandboxd/archive.cpp", "archive_entry.h"},
      {"src/sandboxd/archive.cpp", "sandboxd/archive.hpp"},
      {"include/ottobot/testing/queue_contract.hpp", "gtest/gtest.h"},
      {"server/ottobot/main.cpp", "CLI/CLI.hpp"},
      {"include/ottobot/error.hpp", "tl/expected.hpp"},
  };
  EXPECT_THAT(violations(allowed), IsEmpty());
}

}  // namespace
}  // namespace ottobot::architecture
