// Whether the processes of a service share one secret: each worker announces what only who knows it can make of it.
// Pure functions.
#pragma once

#include <string>

#include "ottobot/error.hpp"
#include "ottobot/queue.hpp"

namespace ottobot::session {

// Says nothing of the secret but whether it is the same; empty when there is none.
std::string secret_digest(const std::string& secret, const std::string& worker_id);

bool shares_secret(const WorkerRecord& worker, const std::string& secret);

// Why nothing can be handed on to a worker that does not share ours.
Failure other_secret(const WorkerRecord& worker);
inline constexpr const char* kSameSecretHint =
    "give every process of the service the same OTTOBOT_CLUSTER_SECRET and start it again";

}  // namespace ottobot::session
