#include <algorithm>
#include <map>
#include <set>

#include "ottobot/ids.hpp"
#include "ottobot/stores/redis.hpp"
#include "redis/subscriber.hpp"
#include "stores/job_rules.hpp"
#include "stores/redis/batcher.hpp"
#include "stores/redis/handshake.hpp"
#include "stores/redis/job_waiters.hpp"
#include "stores/redis/queue_scripts.hpp"
#include "stores/redis/worker_records.hpp"

namespace ottobot {
namespace {

using redis::Arguments;
using redis::Reply;
using redis::Request;
using redis::Script;
using std::chrono::milliseconds;
using stores::Batcher;
using stores::JobWaiters;

// How often somebody who waits looks without being told to: a lost word costs no more than this.
constexpr milliseconds kLook{1000};
// How often where time is not Redis' own, and a test may have moved it.
constexpr milliseconds kClockPoll{20};
// How long a look at a queue may take, within that as long as its caller has time. A caller who is stopped waits for
// the answer: the job that may be in it would be leased to nobody.
constexpr milliseconds kShortestLook{500}, kLongestLook{1000};
constexpr milliseconds kSubscribeTimeout{1000};
constexpr milliseconds kPromote{50};

class RedisQueue final : public Queue {
 public:
  explicit RedisQueue(std::unique_ptr<redis::Client> client)
      : client_(std::move(client)),
        prefix_(client_->options().key_prefix),
        workers_(*client_),
        subscriber_(*client_, callbacks()) {}

  Result<bool> push(const PushParams& params, const CallContext& ctx) override {
    if (auto known = note(params.queue, ctx); !known) return ottobot::fail(known.error());
    return calls(params.queue).push.run({params.job_id, millis(params.delay)}, ctx);
  }

  Result<std::optional<Job>> lease(const LeaseJobParams& params, const CallContext& ctx) override {
    if (params.queues.empty()) return invalid_argument("there is no queue to lease a job of");
    bool listening = false;
    std::optional<std::string> woken_by;
    while (true) {
      auto look = ctx.stop.stop_requested() ? Result<Look>(cancelled()) : look_at(params, ctx);
      const bool looked = look && (!look->job || look->job->queue == woken_by);
      if (woken_by && !looked) waiters_.wake(*woken_by);
      if (!look) return look_failed(look.error(), ctx);
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
    auto held = calls(job.queue).complete.run({job.id, job.token}, ctx);
    if (!held) return ottobot::fail(held.error());
    if (!*held) return stores::lease_lost(job);
    return {};
  }

  Result<void> fail(const Job& job, const FailJobParams& params, const CallContext& ctx) override {
    return end(stores::queue_scripts::fail(), job,
               {std::to_string(params.max_attempts), millis(stores::backoff_of(params, job.attempt)),
                dump_json({{"id", job.id}, {"reason", params.reason}, {"attempts", job.attempt}}),
                std::to_string(stores::kMaxDeadLetters)},
               ctx, "dead");
  }

  Result<std::size_t> recover_stalled(const CallContext& ctx) override {
    auto names = queue_names(ctx);
    if (!names) return ottobot::fail(names.error());
    std::vector<Request> requests;
    for (const std::string& name : *names)
      requests.push_back(request(stores::queue_scripts::recover(), name, {}, nullptr));
    auto replies = client_->call_all(std::move(requests), ctx);
    if (!replies) return ottobot::fail(replies.error());
    std::size_t recovered = 0;
    for (const Reply& reply : *replies) recovered += static_cast<std::size_t>(reply.number());
    return recovered;
  }

  Result<QueueCounts> counts(const std::string& queue, const CallContext& ctx) override {
    auto reply = run(stores::queue_scripts::counts(), queue, {}, ctx, "dead");
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
                      static_cast<int>(get_int(*letter, "attempts"))});
    }
    return dead;
  }

  Result<std::vector<std::string>> drain(const std::string& queue, const CallContext& ctx) override {
    auto reply = run(stores::queue_scripts::drain(), queue, {new_id()}, ctx, "drained");
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
  // What a script for many is told of each: two arguments, and whether it may have been run for it already.
  struct Asked {
    std::string first, second;
    bool again = false;
  };
  struct Leased {
    std::string id;
    int attempt = 0;       // 0: there was no job
    bool more = false;     // jobs wait still
    milliseconds due{-1};  // until the first delayed one, if there is one
  };
  // What the threads of this process ask of a queue at the same time goes to Redis as one.
  struct Calls {
    Batcher<Asked, bool> push, complete;
    Batcher<Asked, Leased> lease;
  };
  struct Look {
    std::optional<Job> job;
    milliseconds pause = kLook;
  };

  static std::string millis(milliseconds duration) { return std::to_string(duration.count()); }
  std::string key(const std::string& queue, const char* what) const {
    return prefix_ + ":queue:{" + queue + "}:" + what;
  }
  std::string names_key() const { return prefix_ + ":queues"; }

  // `fifth`: the key that only some of the scripts have.
  Request request(const Script& script, const std::string& queue, Arguments arguments, const char* fifth) const {
    Arguments keys{key(queue, "jobs"), key(queue, "waiting"), key(queue, "delayed"), key(queue, "leased")};
    if (fifth != nullptr) keys.push_back(key(queue, fifth));
    const Clock* clock = client_->options().clock;
    Arguments all{clock != nullptr ? std::to_string(clock->now_ms()) : std::string(), key(queue, "news")};
    all.insert(all.end(), std::make_move_iterator(arguments.begin()), std::make_move_iterator(arguments.end()));
    return Request::script(script, keys, std::move(all));
  }
  Result<Reply> run(const Script& script, const std::string& queue, Arguments arguments, const CallContext& ctx,
                    const char* fifth = nullptr) {
    return client_->call(request(script, queue, std::move(arguments), fifth), ctx);
  }

  Calls& calls(const std::string& queue) {
    const std::lock_guard lock(mutex_);
    auto& calls = calls_[queue];
    if (calls) return *calls;
    const auto flags_of = [this, queue](const Script& script) {
      return [this, queue, &script](const auto& entries, const CallContext& ctx) -> Result<std::vector<bool>> {
        auto reply = run(script, queue, arguments_of(entries), ctx);
        if (!reply) return ottobot::fail(reply.error());
        std::vector<bool> flags;
        for (std::size_t n = 0; n < entries.size(); ++n) flags.push_back((*reply)[n].number() == 1);
        return flags;
      };
    };
    calls.reset(new Calls{Batcher<Asked, bool>(flags_of(stores::queue_scripts::push())),
                          Batcher<Asked, bool>(flags_of(stores::queue_scripts::complete())),
                          Batcher<Asked, Leased>([this, queue](const auto& entries, const CallContext& ctx) {
                            return lease_all(queue, entries, ctx);
                          })});
    return *calls;
  }

  // As the scripts for many take them, `first` after what is known of all.
  template <class Entries>
  static Arguments arguments_of(const Entries& entries, Arguments first = {}) {
    std::string repeats;
    for (const auto* entry : entries) repeats += entry->again || entry->item.again ? '1' : '0';
    if (repeats.find('1') == std::string::npos) repeats.clear();
    first.insert(first.begin(), std::move(repeats));
    for (const auto* entry : entries) first.insert(first.end(), {entry->item.first, entry->item.second});
    return first;
  }

  template <class Entries>
  Result<std::vector<Leased>> lease_all(const std::string& queue, const Entries& entries, const CallContext& ctx) {
    auto reply =
        run(stores::queue_scripts::lease(), queue, arguments_of(entries, {should_promote(queue) ? "1" : ""}), ctx);
    if (!reply) return ottobot::fail(reply.error());
    const bool more = (*reply)[0].number() > 0;
    const milliseconds due((*reply)[1].number());
    std::vector<Leased> leased;
    for (std::size_t n = 0; n < entries.size(); ++n) {
      const std::string entry = (*reply)[2][n].str();
      leased.push_back({entry.substr(entry.find(':') + 1), std::atoi(entry.c_str()), more, due});
    }
    return leased;
  }

  Result<void> end(const Script& script, const Job& job, Arguments more, const CallContext& ctx,
                   const char* fifth = nullptr) {
    Arguments arguments{job.id, job.token};
    arguments.insert(arguments.end(), more.begin(), more.end());
    auto reply = run(script, job.queue, std::move(arguments), ctx, fifth);
    if (!reply) return ottobot::fail(reply.error());
    if (reply->number() == 0) return stores::lease_lost(job);
    return {};
  }

  // In order of preference.
  Result<Look> look_at(const LeaseJobParams& params, const CallContext& ctx) {
    CallContext bounded;
    const auto now = std::chrono::steady_clock::now();
    bounded.deadline = std::clamp(ctx.deadline, now + kShortestLook, now + kLongestLook);
    Look look;
    for (const std::string& queue : params.queues) {
      auto token = token_of_look(queue);
      auto answer = calls(queue).lease.run({token.text, millis(params.ttl), token.used}, bounded);
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

  // A job whose time has come gets in line at the latest so long afterwards, however many wait there.
  bool should_promote(const std::string& queue) {
    const auto now = std::chrono::steady_clock::now();
    const std::lock_guard lock(mutex_);
    auto& promoted_at = promoted_at_[queue];
    if (now < promoted_at + kPromote) return false;
    promoted_at = now;
    return true;
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

  // Whose stalled jobs are looked for by everybody.
  Result<void> note(const std::string& queue, const CallContext& ctx) {
    {
      const std::lock_guard lock(mutex_);
      if (noted_.count(queue) > 0) return {};
    }
    auto added = client_->call(Request::script(stores::queue_scripts::note(), {names_key()}, {queue}), ctx);
    if (!added) return ottobot::fail(added.error());
    const std::lock_guard lock(mutex_);
    noted_.insert(queue);
    return {};
  }

  Result<std::set<std::string>> queue_names(const CallContext& ctx) {
    auto reply = client_->call(Request::command({"SMEMBERS", names_key()}), ctx);
    if (!reply) return ottobot::fail(reply.error());
    const std::lock_guard lock(mutex_);
    auto names = noted_;
    for (std::size_t n = 0; n < reply->size(); ++n) names.insert((*reply)[n].str());
    return names;
  }

  const std::unique_ptr<redis::Client> client_;
  const std::string prefix_;
  stores::WorkerRecords workers_;
  std::mutex mutex_;                                     // guards the five
  std::map<std::string, std::unique_ptr<Calls>> calls_;  // by queue
  std::set<std::string> noted_, listened_;
  std::map<std::string, SteadyTime> promoted_at_;
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
