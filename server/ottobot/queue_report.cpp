#include "queue_report.hpp"

#include <algorithm>
#include <tuple>

#include "ottobot/session/session_service.hpp"
#include "session/worker_roster.hpp"

namespace ottobot::cli {
namespace {

constexpr std::size_t kReasonWidth = 60;

QueueStanding standing_of(QueueOverview queue, const std::vector<WorkerRecord>& workers) {
  QueueStanding standing{std::move(queue), {}, {}, true};
  const auto id = session::worker_of_queue(standing.queue.name);
  if (!id) {
    standing.alive = std::any_of(workers.begin(), workers.end(), [](const WorkerRecord& each) { return each.alive; });
    return standing;
  }
  standing.worker_id = *id;
  const auto worker = std::find_if(workers.begin(), workers.end(), [&](const auto& each) { return each.id == *id; });
  standing.alive = worker != workers.end() && worker->alive;
  if (worker != workers.end()) standing.host_id = worker->host_id;
  return standing;
}

std::string or_dash(const std::string& text) { return text.empty() ? "-" : text; }

std::string age(UnixMillis since, UnixMillis now) { return since == 0 ? "-" : rough_duration((now - since) / 1000); }

const char* word(JobState state) {
  return state == JobState::leased ? "leased" : state == JobState::waiting ? "waiting" : "delayed";
}

std::string remark(const QueuedJob& job, UnixMillis now) {
  if (job.until == 0) return {};
  const std::string left = rough_duration((job.until - now) / 1000);
  return job.state == JobState::leased ? "its lease ends in " + left : "due in " + left;
}

Json time_json(UnixMillis time) { return time == 0 ? Json() : Json(to_rfc3339(time)); }

}  // namespace

std::vector<QueueStanding> queue_standings(std::vector<QueueOverview> queues,
                                           const std::vector<WorkerRecord>& workers) {
  const auto add_missing = [&](const std::string& name) {
    const auto is_it = [&](const QueueOverview& queue) { return queue.name == name; };
    if (std::none_of(queues.begin(), queues.end(), is_it)) queues.push_back({name, {}, 0});
  };
  add_missing(kSharedQueue);
  for (const WorkerRecord& worker : workers) add_missing(session::queue_of_worker(worker.id));
  std::vector<QueueStanding> standings;
  for (QueueOverview& queue : queues) standings.push_back(standing_of(std::move(queue), workers));
  const auto place = [](const QueueStanding& each) {
    return std::make_tuple(!each.worker_id.empty(), !each.alive, each.queue.name);
  };
  std::sort(standings.begin(), standings.end(),
            [&](const QueueStanding& a, const QueueStanding& b) { return place(a) < place(b); });
  return standings;
}

void print_queues(std::ostream& out, const std::vector<QueueStanding>& standings, UnixMillis now) {
  std::vector<TableRow> rows;
  for (const auto& [queue, worker_id, host_id, alive] : standings) {
    rows.push_back({queue.name,
                    worker_id.empty() ? "all"
                    : alive           ? "alive"
                                      : "gone",
                    or_dash(host_id), std::to_string(queue.counts.waiting), std::to_string(queue.counts.delayed),
                    std::to_string(queue.counts.leased), std::to_string(queue.counts.dead),
                    age(queue.oldest_since, now)});
  }
  print_table(out, {"QUEUE", "WORKER", "HOST", "WAITING", "DELAYED", "LEASED", "DEAD", "OLDEST"}, rows);
}

Json queues_json(const std::vector<QueueStanding>& standings) {
  Json list = Json::array();
  for (const auto& [queue, worker_id, host_id, alive] : standings) {
    list.push_back({{"name", queue.name},
                    {"worker_id", worker_id.empty() ? Json() : Json(worker_id)},
                    {"host_id", host_id.empty() ? Json() : Json(host_id)},
                    {"alive", alive},
                    {"waiting", queue.counts.waiting},
                    {"delayed", queue.counts.delayed},
                    {"leased", queue.counts.leased},
                    {"dead", queue.counts.dead},
                    {"oldest_since", time_json(queue.oldest_since)}});
  }
  return {{"queues", std::move(list)}};
}

void print_jobs(std::ostream& out, const std::vector<QueuedJob>& jobs, const std::vector<DeadJob>& dead,
                UnixMillis now) {
  std::vector<TableRow> rows;
  for (const QueuedJob& job : jobs) {
    rows.push_back({job.id, word(job.state), std::to_string(job.attempt), age(job.since, now), remark(job, now)});
  }
  for (const DeadJob& job : dead) {
    rows.push_back(
        {job.id, "dead", std::to_string(job.attempts), age(job.died_at, now), ellipsis(job.reason, kReasonWidth)});
  }
  print_table(out, {"SESSION", "STATE", "ATTEMPTS", "SINCE", ""}, rows);
}

Json jobs_json(const std::string& queue, const std::vector<QueuedJob>& jobs, const std::vector<DeadJob>& dead) {
  Json list = Json::array();
  for (const QueuedJob& job : jobs) {
    list.push_back({{"session_id", job.id},
                    {"state", word(job.state)},
                    {"attempts", job.attempt},
                    {"since", time_json(job.since)},
                    {"until", time_json(job.until)}});
  }
  for (const DeadJob& job : dead) {
    list.push_back({{"session_id", job.id},
                    {"state", "dead"},
                    {"attempts", job.attempts},
                    {"since", time_json(job.died_at)},
                    {"error", job.reason}});
  }
  return {{"queue", queue}, {"jobs", std::move(list)}};
}

}  // namespace ottobot::cli
