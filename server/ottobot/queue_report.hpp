// What `ottobot queue` shows. Pure.
#pragma once

#include <string>
#include <vector>

#include "ottobot/json.hpp"
#include "ottobot/queue.hpp"
#include "text_table.hpp"

namespace ottobot::cli {

// A queue and whose it is: the one that all workers take from, or a worker's.
struct QueueStanding {
  QueueOverview queue;
  std::string worker_id;  // empty: all take from it
  std::string host_id;    // empty: not known any more
  bool alive = true;      // whoever takes from it
};

// The shared queue, then those of workers that live, then those that nobody takes from any more.
std::vector<QueueStanding> queue_standings(std::vector<QueueOverview> queues, const std::vector<WorkerRecord>& workers);
void print_queues(std::ostream& out, const std::vector<QueueStanding>& standings, UnixMillis now);
Json queues_json(const std::vector<QueueStanding>& standings);

void print_jobs(std::ostream& out, const std::vector<QueuedJob>& jobs, const std::vector<DeadJob>& dead,
                UnixMillis now);
Json jobs_json(const std::string& queue, const std::vector<QueuedJob>& jobs, const std::vector<DeadJob>& dead);

}  // namespace ottobot::cli
