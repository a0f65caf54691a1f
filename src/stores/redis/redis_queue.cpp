#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "ottobot/ids.hpp"
#include "ottobot/stores/redis.hpp"
#include "redis/subscriber.hpp"
#include "stores/job_rules.hpp"
#include "stores/redis/handshake.hpp"
#include "stores/redis/job_waiters.hpp"
#include "stores/redis/queue_calls.hpp"
#include "stores/redis/queue_looks.hpp"
#include "stores/redis/queue_names.hpp"
#include "stores/redis/queue_scripts.hpp"
#include "stores/redis/worker_records.hpp"

namespace ottobot {
namespace {

using redis::Arguments;
using redis::Reply;
using redis::Request;
using redis::Script;
using std::chrono::milliseconds;
using stores::JobWaiters;
using stores::QueueCalls;

// How often somebody who waits looks without being told to: a lost word costs no more than this.
constexpr milliseconds kLook{1000};
// How often where time is not Redis' own, and a test may have moved it.
constexpr milliseconds kClockPoll{20};
// How long a look at a queue may take, within that as long as its caller has time. A caller who is stopped waits for
// the answer: the job that may be in it would be leased to nobody.
constexpr milliseconds kShortestLook{500}, kLongestLook{1000};
constexpr milliseconds kSubscribeTimeout{1000};

class RedisQueue final : public Queue {
 public:
  explicit RedisQueue(std::unique_ptr<redis::Client> client)
      : client_(std::move(client)), workers_(*client_), names_(*client_), subscriber_(*client_, callbacks()) {}

  Result<bool> push(const PushParams& params, const CallContext& ctx) override {
    return calls(params.queue).push(params.job_id, params.delay, ctx);
  }

  Result<std::size_t> push_all(const std::string& queue, const std::vector<std::string>& job_ids,
                               const CallContext& ctx) override {
    return calls(queue).push_all(job_ids, ctx);
  }

  Result<std::optional<Job>> lease(const LeaseJobParams& params, const CallContext& ctx) override {
    if (params.queues.empty()) return invalid_argument("there is no queue to lease a job of");
    bool listening = false;
    std::optional<std::string> woken_by;
    const Job* done = params.done ? &*params.done : nullptr;
    while (true) {
      auto look = ctx.stop.stop_requested() ? Result<Look>(cancelled()) : look_at(params, done, ctx);
      const bool looked = look && (!look->job || look->job->queue == woken_by);
      if (woken_by && !looked) waiters_.wake(*woken_by);
      if (!look) return look_failed(look.error(), ctx);
      done = nullptr;
      if (look->job) return std::move(look->job);
      if (std::chrono::steady_clock::now() >= ctx.deadline) return std::nullopt;
      if (!listening) {
        listening = true;
        listen(params.queues, ctx);  // and look once more: what came meanwhile was told to nobody
      } else {
        woken_by = waiters_.wait(params.queues, std::chrono::steady_clock::now() + look->pause, ctx);
      }
    }
  }

  Result<void> extend(const Job& job, milliseconds ttl, const CallContext& ctx) override {
    return end(stores::queue_scripts::extend(), job, {millis(ttl)}, ctx);
  }

  Result<void> complete(const Job& job, const CallContext& ctx) override {
    auto held = calls(job.queue).complete(job, ctx);
    if (!held) return ottobot::fail(held.error());
    if (!*held) return stores::lease_lost(job);
    return {};
  }

  Result<void> fail(const Job& job, const FailJobParams& params, const CallContext& ctx) override {
    return end(stores::queue_scripts::fail(), job,
               {std::to_string(params.max_attempts), millis(stores::backoff_of(params, job.attempt)),
                letter_text(job, params.reason), std::to_string(stores::kMaxDeadLetters)},
               ctx, {"dead"});
  }

  Result<std::size_t> recover_stalled(const CallContext& ctx) override {
    auto names = names_.all(ctx);
    if (!names) return ottobot::fail(names.error());
    names->merge(names_.noted());
    std::vector<Request> requests;
    for (const std::string& name : *names) requests.push_back(request(stores::queue_scripts::recover(), name, {}));
    auto replies = client_->call_all(std::move(requests), ctx);
    if (!replies) return ottobot::fail(replies.error());
    std::size_t recovered = 0;
    for (const Reply& reply : *replies) recovered += static_cast<std::size_t>(reply.number());
    return recovered;
  }

  Result<QueueCounts> counts(const std::string& queue, const CallContext& ctx) override {
    auto reply = run(stores::queue_scripts::counts(), queue, {}, ctx, {"dead"});
    if (!reply) return ottobot::fail(reply.error());
    const auto count = [&](std::size_t n) { return static_cast<std::size_t>((*reply)[n].number()); };
    return QueueCounts{count(0), count(1), count(2), count(3)};
  }

  Result<std::vector<DeadJob>> dead_letters(const std::string& queue, std::size_t limit,
                                            const CallContext& ctx) override {
    if (limit == 0) return std::vector<DeadJob>{};
    auto letters = client_->call(Request::command({"LRANGE", key(queue, "dead"), "0", std::to_string(limit - 1)}), ctx);
    if (!letters) return ottobot::fail(letters.error());
    std::vector<DeadJob> dead;
    for (std::size_t n = 0; n < letters->size(); ++n) {
      auto letter = parse_json((*letters)[n].text());
      if (!letter) return data_loss("a dead letter of queue " + queue + " is damaged");
      dead.push_back({queue, get_string(*letter, "id"), get_string(*letter, "reason"),
                      static_cast<int>(get_int(*letter, "attempts")), get_int(*letter, "died_at")});
    }
    return dead;
  }

  Result<void> drop_dead_letters(const std::string& queue, const std::string& job_id, const CallContext& ctx) override {
    auto letters = client_->call(Request::command({"LRANGE", key(queue, "dead"), "0", "-1"}), ctx);
    if (!letters) return ottobot::fail(letters.error());
    std::vector<Request> requests;
    for (std::size_t n = 0; n < letters->size(); ++n) {
      const auto letter = parse_json((*letters)[n].text());
      if (!job_id.empty() && (!letter || get_string(*letter, "id") != job_id)) continue;
      requests.push_back(Request::command({"LREM", key(queue, "dead"), "0", (*letters)[n].str()}));
    }
    auto dropped = client_->call_all(std::move(requests), ctx);
    if (!dropped) return ottobot::fail(dropped.error());
    return {};
  }

  Result<std::vector<QueueOverview>> queues(const CallContext& ctx) override {
    auto names = names_.all(ctx);
    if (!names) return ottobot::fail(names.error());
    std::vector<Request> requests;
    for (const auto& name : *names) requests.push_back(request(stores::queue_looks::overview(), name, {}, {"dead"}));
    auto replies = client_->call_all(std::move(requests), ctx);
    if (!replies) return ottobot::fail(replies.error());
    std::vector<QueueOverview> seen;
    for (const std::string& name : *names) {
      seen.push_back(stores::queue_looks::overview_of(name, (*replies)[seen.size()]));
    }
    return seen;
  }

  Result<std::vector<QueuedJob>> jobs(const std::string& queue, std::size_t limit, const CallContext& ctx) override {
    auto reply = run(stores::queue_looks::jobs(), queue, {std::to_string(limit)}, ctx);
    if (!reply) return ottobot::fail(reply.error());
    return stores::queue_looks::jobs_of(*reply);
  }

  Result<bool> forget(const std::string& queue, const CallContext& ctx) override {
    const auto serial = names_.serial(queue, ctx);
    if (!serial) return ottobot::fail(serial.error());
    auto marked = run(stores::queue_looks::forget(), queue,
                      {new_id(), std::to_string(stores::QueueNames::kMarkKept.count())}, ctx, {"dead", "forgotten"});
    if (!marked) return ottobot::fail(marked.error());
    if (marked->number() == 0) return false;
    if (auto removed = names_.remove(queue, *serial, ctx); !removed) return ottobot::fail(removed.error());
    return true;
  }

  Result<std::vector<std::string>> drain(const std::string& queue, const CallContext& ctx) override {
    auto reply = run(stores::queue_scripts::drain(), queue, {new_id()}, ctx, {"drained"});
    if (!reply) return ottobot::fail(reply.error());
    std::vector<std::string> ids;
    for (std::size_t n = 0; n < reply->size(); ++n) ids.push_back((*reply)[n].str());
    return ids;
  }

  Result<void> announce_worker(const WorkerRecord& worker, milliseconds ttl, const CallContext& ctx) override {
    return workers_.announce(worker, ttl, ctx);
  }
  Result<void> withdraw_worker(const std::string& worker_id, const CallContext& ctx) override {
    return workers_.withdraw(worker_id, ctx);
  }
  Result<std::vector<WorkerRecord>> workers(const CallContext& ctx) override { return workers_.all(ctx); }

 private:
  struct Look {
    std::optional<Job> job;
    milliseconds pause = kLook;
  };

  static std::string millis(milliseconds duration) { return std::to_string(duration.count()); }
  std::string key(const std::string& queue, const char* what) const {
    return stores::queue_key(client_->options(), queue, what);
  }
  UnixMillis now_ms() const {
    const Clock* clock = client_->options().clock;
    return clock != nullptr ? clock->now_ms() : system_clock().now_ms();
  }
  std::string letter_text(const Job& job, const std::string& reason) const {
    return dump_json({{"id", job.id}, {"reason", reason}, {"attempts", job.attempt}, {"died_at", now_ms()}});
  }

  Request request(const Script& script, const std::string& queue, Arguments arguments,
                  std::initializer_list<const char*> more = {}) const {
    return stores::queue_request(client_->options(), script, queue, std::move(arguments), more);
  }
  Result<Reply> run(const Script& script, const std::string& queue, Arguments arguments, const CallContext& ctx,
                    std::initializer_list<const char*> more = {}) {
    return client_->call(request(script, queue, std::move(arguments), more), ctx);
  }

  Result<void> end(const Script& script, const Job& job, Arguments more, const CallContext& ctx,
                   std::initializer_list<const char*> keys = {}) {
    Arguments arguments{job.id, job.token};
    arguments.insert(arguments.end(), more.begin(), more.end());
    auto reply = run(script, job.queue, std::move(arguments), ctx, keys);
    if (!reply) return ottobot::fail(reply.error());
    if (reply->number() == 0) return stores::lease_lost(job);
    return {};
  }

  QueueCalls& calls(const std::string& queue) {
    const std::lock_guard lock(mutex_);
    return calls_.try_emplace(queue, *client_, names_, queue).first->second;
  }

  // In order of preference. What is done goes with the first look, where it may.
  Result<Look> look_at(const LeaseJobParams& params, const Job* done, const CallContext& ctx) {
    CallContext bounded;
    const auto now = std::chrono::steady_clock::now();
    bounded.deadline = std::clamp(ctx.deadline, now + kShortestLook, now + kLongestLook);
    if (done != nullptr && done->queue != params.queues.front()) {
      if (auto ended = calls(done->queue).complete(*done, bounded); !ended) return ottobot::fail(ended.error());
      done = nullptr;
    }
    Look look;
    for (const std::string& queue : params.queues) {
      auto token = token_of_look(queue);
      auto answer = calls(queue).lease(token.text, params.ttl, token.used, std::exchange(done, nullptr), bounded);
      if (!answer) {
        keep_token(queue, std::move(token.text));
        return ottobot::fail(answer.error());
      }
      if (answer->attempt > 0) {
        if (answer->more) waiters_.wake(queue);
        look.job = Job{queue, std::move(answer->id), std::move(token.text), answer->attempt};
        return look;
      }
      if (answer->due.count() < 0) continue;
      look.pause = std::min(look.pause, client_->options().clock != nullptr ? kClockPoll : answer->due);
    }
    return look;
  }

  static Result<std::optional<Job>> look_failed(const Error& error, const CallContext& ctx) {
    if (error.code != ErrorCode::deadline_exceeded) return ottobot::fail(error);
    if (std::chrono::steady_clock::now() >= ctx.deadline) return std::nullopt;
    return unavailable(error.message, std::string(redis::kUnreachableHint));  // it was our time that ran out
  }

  // Of a look. One whose answer never came may have leased a job: the next look asks for that first.
  struct Token {
    std::string text;
    bool used = false;
  };
  Token token_of_look(const std::string& queue) {
    const std::lock_guard lock(mutex_);
    auto& unanswered = unanswered_[queue];
    if (unanswered.empty()) return {new_id(), false};
    Token token{std::move(unanswered.back()), true};
    unanswered.pop_back();
    return token;
  }
  void keep_token(const std::string& queue, std::string token) {
    const std::lock_guard lock(mutex_);
    unanswered_[queue].push_back(std::move(token));
  }

  redis::Subscriber::Callbacks callbacks() {
    redis::Subscriber::Callbacks callbacks;
    callbacks.on_message = [this](const std::string& channel, std::string_view) {
      const auto name = channel.find('{') + 1;
      waiters_.wake(channel.substr(name, channel.rfind('}') - name));
    };
    callbacks.on_gap = [this](const std::vector<std::string>&) {
      waiters_.wake_all();
      return true;
    };
    return callbacks;
  }

  // For as long as there is this object. What cannot be subscribed now is looked at every kLook.
  void listen(const std::vector<std::string>& queues, const CallContext& ctx) {
    for (const std::string& queue : queues) {
      {
        const std::lock_guard lock(mutex_);
        if (!listened_.insert(queue).second) continue;
      }
      if (auto added = subscriber_.add(key(queue, "news"), ctx.within(kSubscribeTimeout)); !added) return;
    }
  }

  const std::unique_ptr<redis::Client> client_;
  stores::WorkerRecords workers_;
  stores::QueueNames names_;
  std::mutex mutex_;  // guards the three
  std::set<std::string> listened_;
  std::map<std::string, QueueCalls> calls_;                     // by queue
  std::map<std::string, std::vector<std::string>> unanswered_;  // tokens of looks, by queue
  JobWaiters waiters_;
  redis::Subscriber subscriber_;  // last: its thread ends first
};

}  // namespace

Result<std::unique_ptr<Queue>> make_redis_queue(const RedisOptions& options) {
  auto client = redis::Client::connect(options);
  if (!client) return fail(client.error());
  auto usable = stores::check_server(**client, with_timeout(options.connect_timeout));
  if (!usable) return fail(usable.error());
  return std::make_unique<RedisQueue>(std::move(*client));
}

}  // namespace ottobot
