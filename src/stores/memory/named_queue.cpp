#include "stores/memory/named_queue.hpp"

#include "ottobot/ids.hpp"
#include "stores/job_rules.hpp"

namespace ottobot::stores {
bool NamedQueue::push(const std::string& id, SteadyTime due, SteadyTime now) {
  if (const auto leased = leased_.find(id); leased != leased_.end()) {
    if (leased->second.push_again) return false;
    leased->second.push_again = due;
    return true;
  }
  if (!attempts_.emplace(id, 1).second) return false;
  enqueue(id, due, now);
  return true;
}

std::optional<Job> NamedQueue::lease(std::chrono::milliseconds ttl, SteadyTime now) {
  promote_due(now);
  if (waiting_.empty()) return std::nullopt;
  Job job{name_, std::move(waiting_.front()), new_id(), 1};
  waiting_.pop_front();
  const auto attempt = attempts_.find(job.id);
  job.attempt = attempt->second;
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

bool NamedQueue::fail(const Job& job, const FailJobParams& params, SteadyTime now) {
  const LeasedJob* leased = find_leased(job);
  if (!leased) return false;
  const int attempt = leased->attempt;
  if (attempt < params.max_attempts) {
    end_lease(job.id, leased->push_again.value_or(now + backoff_of(params, attempt)), attempt + 1, now);
    return true;
  }
  dead_.push_back(DeadJob{name_, job.id, params.reason, attempt});
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
    attempts_.emplace(job->second, leased->second.attempt + 1);
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

NamedQueue::LeasedJob* NamedQueue::find_leased(const Job& job) {
  const auto found = leased_.find(job.id);
  return found != leased_.end() && found->second.token == job.token ? &found->second : nullptr;
}

void NamedQueue::end_lease(const std::string& id, std::optional<SteadyTime> again, int attempt, SteadyTime now) {
  leased_.erase(id);
  if (!again) return;
  attempts_.emplace(id, attempt);
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
