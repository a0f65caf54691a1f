#include "stores/job_rules.hpp"

#include <algorithm>

namespace ottobot::stores {

std::chrono::milliseconds backoff_of(const FailJobParams& params, int attempt) {
  auto backoff = params.backoff;
  for (int failures = 1; failures < attempt && backoff < params.max_backoff; ++failures) backoff *= 2;
  return std::min(backoff, params.max_backoff);
}

Failure lease_lost(const Job& job) { return conflict("the lease of job " + job.id + " is no longer held"); }

}  // namespace ottobot::stores
