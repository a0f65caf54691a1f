#include "ottobot/testing/queue_contract.hpp"
#include "ottobot/testing/session_store_contract.hpp"
#include "redis/redis_server.hpp"

namespace ottobot::testing {
namespace {

template <SharedRedis kWhich>
Result<std::unique_ptr<SessionStore>> redis_store(Clock& clock) {
  auto options = shared_redis(kWhich);
  if (!options) return fail(options.error());
  options->clock = &clock;
  return make_redis_store(*options);
}

template <SharedRedis kWhich>
Result<std::unique_ptr<Queue>> redis_queue(Clock& clock) {
  auto options = shared_redis(kWhich);
  if (!options) return fail(options.error());
  options->clock = &clock;
  return make_redis_queue(*options);
}

INSTANTIATE_TEST_SUITE_P(Stores, SessionStoreContract,
                         ::testing::Values(SessionStoreFactory{"Redis", redis_store<SharedRedis::single>},
                                           SessionStoreFactory{"RedisCluster", redis_store<SharedRedis::cluster>}),
                         session_store_name);

INSTANTIATE_TEST_SUITE_P(Queues, QueueContract,
                         ::testing::Values(QueueFactory{"Redis", redis_queue<SharedRedis::single>},
                                           QueueFactory{"RedisCluster", redis_queue<SharedRedis::cluster>}),
                         queue_name);

}  // namespace
}  // namespace ottobot::testing
