#include <filesystem>
#include <utility>

#include "ottobot/stores/memory.hpp"
#include "ottobot/stores/sqlite.hpp"
#include "ottobot/testing/queue_contract.hpp"
#include "ottobot/testing/session_store_contract.hpp"
#include "stores/temp_dir.hpp"

namespace ottobot::testing {
namespace {

Result<std::unique_ptr<SessionStore>> memory_store(Clock& clock) { return make_memory_store(clock); }

Result<std::unique_ptr<SessionStore>> sqlite_store(Clock& clock) {
  static const TempDir kDir;
  return make_sqlite_store({.data_dir = kDir.path() / new_id(), .clock = clock});
}

Result<std::unique_ptr<Queue>> memory_queue(Clock& clock) { return make_memory_queue(clock); }

INSTANTIATE_TEST_SUITE_P(Stores, SessionStoreContract,
                         ::testing::Values(SessionStoreFactory{"Memory", memory_store},
                                           SessionStoreFactory{"Sqlite", sqlite_store}),
                         session_store_name);

INSTANTIATE_TEST_SUITE_P(Queues, QueueContract, ::testing::Values(QueueFactory{"Memory", memory_queue}), queue_name);

}  // namespace
}  // namespace ottobot::testing
