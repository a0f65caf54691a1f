#include "stores/memory/named_queue.hpp"

#include "ottobot/ids.hpp"
#include "stores/job_rules.hpp"

namespace ottobot::stores {
namespace {

UnixMillis wall_time(SteadyTime time, SteadyTime now, UnixMillis now_ms) {
  return now_ms + std::chrono::duration_cast<std::chrono::milliseconds>(time - now).count();
}

}  // namespace

bool NamedQueue::push(const std::string& id, SteadyTime due, SteadyTime now) {
  if (const auto leased = leased_.find(id); leased != leased_.end()) {
    if (leased->second.push_again) return false;
    leased->second.push_again = due;
    return true;
  }
  if (!attempts_.emplace(id, WaitingJob{1, now}).second) return false;
  enqueue(id, due, now);
  return true;
}

std::optional<Job> NamedQueue::lease(std::chrono::milliseconds ttl, SteadyTime now) {
  promote_due(now);
  if (waiting_.empty()) return std::nullopt;
  Job job{name_, std::move(waiting_.front()), new_id(), 1};
  waiting_.pop_front();
  const auto attempt = attempts_.find(job.id);
  job.attempt = attempt->second.attempt;
  attempts_.erase(attempt);
  leased_.emplace(job.id, LeasedJob{job.token, job.attempt, now + ttl, std::nullopt});
  return job;
}

bool NamedQueue::extend(const Job& job, SteadyTime until) {
  LeasedJob* leased = find_leased(job);
  if (leased) leased->until = until;
  return leased != nullptr;
}

bool NamedQueue::complete(const Job& job, SteadyTime now) {
  const LeasedJob* leased = find_leased(job);
  if (!leased) return false;
  end_lease(job.id, leased->push_again, 1, now);
  return true;
}

bool NamedQueue::fail(const Job& job, const FailJobParams& params, SteadyTime now, UnixMillis now_ms) {
  const LeasedJob* leased = find_leased(job);
  if (!leased) return false;
  const int attempt = leased->attempt;
  if (attempt < params.max_attempts) {
    end_lease(job.id, leased->push_again.value_or(now + backoff_of(params, attempt)), attempt + 1, now);
    return true;
  }
  dead_.push_back(DeadJob{name_, job.id, params.reason, attempt, now_ms});
  if (dead_.size() > kMaxDeadLetters) dead_.pop_front();
  end_lease(job.id, leased->push_again, 1, now);
  return true;
}

std::size_t NamedQueue::recover_stalled(SteadyTime now) {
  std::multimap<SteadyTime, std::string> stalled;
  for (const auto& [id, leased] : leased_) {
    if (leased.until <= now) stalled.emplace(leased.until, id);
  }
  for (auto job = stalled.rbegin(); job != stalled.rend(); ++job) {
    const auto leased = leased_.find(job->second);
    attempts_.emplace(job->second, WaitingJob{leased->second.attempt + 1, now});
    waiting_.push_front(job->second);
    leased_.erase(leased);
  }
  return stalled.size();
}

std::vector<std::string> NamedQueue::drain() {
  std::vector<std::string> ids(waiting_.begin(), waiting_.end());
  for (const auto& [due, id] : delayed_) ids.push_back(id);
  waiting_.clear();
  delayed_.clear();
  attempts_.clear();
  return ids;
}

QueueCounts NamedQueue::counts(SteadyTime now) {
  promote_due(now);
  return {waiting_.size(), delayed_.size(), leased_.size(), dead_.size()};
}

QueueOverview NamedQueue::overview(SteadyTime now, UnixMillis now_ms) {
  QueueOverview seen{name_, counts(now), 0};
  for (const std::string& id : waiting_) {
    const UnixMillis since = wall_time(attempts_.at(id).since, now, now_ms);
    if (seen.oldest_since == 0 || since < seen.oldest_since) seen.oldest_since = since;
  }
  return seen;
}

std::vector<QueuedJob> NamedQueue::jobs(std::size_t limit, SteadyTime now, UnixMillis now_ms) {
  promote_due(now);
  std::vector<QueuedJob> seen;
  for (const auto& [id, leased] : leased_) {
    seen.push_back({id, JobState::leased, leased.attempt, 0, wall_time(leased.until, now, now_ms)});
  }
  const auto add = [&](const std::string& id, JobState state, UnixMillis until) {
    const WaitingJob& job = attempts_.at(id);
    seen.push_back({id, state, job.attempt, wall_time(job.since, now, now_ms), until});
  };
  for (const std::string& id : waiting_) add(id, JobState::waiting, 0);
  for (const auto& [due, id] : delayed_) add(id, JobState::delayed, wall_time(due, now, now_ms));
  if (seen.size() > limit) seen.resize(limit);
  return seen;
}

void NamedQueue::drop_dead(const std::string& id) {
  std::erase_if(dead_, [&](const DeadJob& job) { return id.empty() || job.id == id; });
}

NamedQueue::LeasedJob* NamedQueue::find_leased(const Job& job) {
  const auto found = leased_.find(job.id);
  return found != leased_.end() && found->second.token == job.token ? &found->second : nullptr;
}

void NamedQueue::end_lease(const std::string& id, std::optional<SteadyTime> again, int attempt, SteadyTime now) {
  leased_.erase(id);
  if (!again) return;
  attempts_.emplace(id, WaitingJob{attempt, now});
  enqueue(id, *again, now);
}

void NamedQueue::enqueue(const std::string& id, SteadyTime due, SteadyTime now) {
  if (due <= now) {
    promote_due(now);
    waiting_.push_back(id);
  } else {
    delayed_.emplace(due, id);
  }
}

void NamedQueue::promote_due(SteadyTime now) {
  while (!delayed_.empty() && delayed_.begin()->first <= now) {
    waiting_.push_back(std::move(delayed_.begin()->second));
    delayed_.erase(delayed_.begin());
  }
}

}  // namespace ottobot::stores
