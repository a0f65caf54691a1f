#include "session/shared_secret.hpp"

#include "ottobot/ids.hpp"

namespace ottobot::session {

std::string secret_digest(const std::string& secret, const std::string& worker_id) {
  if (secret.empty()) return {};
  return sha256_hex(hmac_sha256(secret, "worker:" + worker_id));
}

bool shares_secret(const WorkerRecord& worker, const std::string& secret) {
  return constant_time_equals(worker.secret_digest, secret_digest(secret, worker.id));
}

Failure other_secret(const WorkerRecord& worker) {
  return unavailable("the session's worker " + worker.id + " has another OTTOBOT_CLUSTER_SECRET than this process",
                     kSameSecretHint);
}

}  // namespace ottobot::session
