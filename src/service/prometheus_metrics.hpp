// What this process counts, and its text for Prometheus (exposition format 0.0.4).
//
// Counters and histograms start at zero with the process, as Prometheus expects: what must survive a restart is in the
// store (StoreTotals). Thread-safe.
#pragma once

#include <memory>
#include <string>

#include "api/answered_request.hpp"
#include "ottobot/turn_totals.hpp"
#include "service/census.hpp"

namespace ottobot::service {

class PrometheusMetrics {
 public:
  explicit PrometheusMetrics(std::string version);
  ~PrometheusMetrics();

  void count(const api::AnsweredRequest& request);
  void count(const FinishedTurn& turn);
  // Errors: internal.
  Result<std::string> text(const Snapshot& snapshot) const;

 private:
  struct Families;
  const std::string version_;
  std::unique_ptr<Families> families_;
};

}  // namespace ottobot::service
