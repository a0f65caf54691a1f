#include "worker/worker.hpp"

#include <atomic>
#include <list>
#include <set>

#include "ottobot/ids.hpp"
#include "ottobot/session/session_service.hpp"
#include "worker/disk_watch.hpp"
#include "worker/lease_keeper.hpp"
#include "worker/membership.hpp"
#include "worker/port_listeners.hpp"
#include "worker/queue_sweep.hpp"
#include "worker/reaper.hpp"
#include "worker/session_runner.hpp"
#include "worker/warm_pool.hpp"

namespace ottobot::worker {
namespace {

constexpr std::chrono::milliseconds kJobWait{1000};
constexpr std::chrono::milliseconds kStoreTimeout{10000};
constexpr std::chrono::milliseconds kPauseAfterError{500};
constexpr std::chrono::milliseconds kWatchInterval{250};
constexpr std::chrono::seconds kLeastPatience{2};  // for spares, which the next process would have to find

class WorkerImpl final : public Worker {
 public:
  WorkerImpl(WorkerDependencies dependencies, WorkerOptions options)
      : dependencies_(std::move(dependencies)),
        options_(std::move(options)),
        ports_(dependencies_, options_),
        spares_(dependencies_.backend, dependencies_.clock, dependencies_.logger, pool_options()),
        disk_(dependencies_.backend, dependencies_.clock, dependencies_.logger,
              {dependencies_.store.store_id(), options_.limits.disk_bytes, options_.disk_watch_interval}),
        roster_(dependencies_.queue, dependencies_.clock),
        reaper_(dependencies_, options_, ports_, spares_, roster_),
        leases_(dependencies_.store, dependencies_.logger, options_.lease_ttl),
        members_(dependencies_.store, dependencies_.queue, roster_, dependencies_.logger, [this] { return record(); }),
        sweep_(dependencies_.queue, dependencies_.clock, dependencies_.logger,
               [this](const std::string& id, const CallContext& ctx) { (void)members_.push(id, ctx); }) {}

  ~WorkerImpl() override { drain(std::chrono::seconds(5)); }

  void start() {
    members_.join();
    keeper_ = std::jthread([this](const std::stop_token& stop) { keep_house(stop); });
    taker_ = std::jthread([this](const std::stop_token& stop) { take_jobs(stop); });
  }

  void drain(std::chrono::milliseconds patience) override {
    const auto begun = dependencies_.clock.steady_now();
    taker_.request_stop();
    keeper_.request_stop();
    if (taker_.joinable()) taker_.join();
    if (keeper_.joinable()) keeper_.join();
    members_.leave();  // before the runs end, which go to others then
    abandon_.request_stop();
    std::unique_lock lock(mutex_);
    if (!finished_.wait_for(lock, patience, [this] { return active_.empty(); })) {
      dependencies_.logger.warn("sessions are slow to let go", {{"sessions", active_.size()}});
    }
    auto threads = std::move(threads_);
    threads_.clear();
    lock.unlock();
    threads.clear();  // joins
    disk_.stop();
    const auto left = patience - (dependencies_.clock.steady_now() - begun);
    spares_.drain(
        std::chrono::duration_cast<std::chrono::milliseconds>(std::max<SteadyTime::duration>(left, kLeastPatience)));
    ports_.close_all();
  }

  Result<int> reserve_vnc_port(const std::string& session_id, const CallContext& ctx) override {
    return ports_.open_vnc(session_id, 0, ctx);
  }
  void release_ports(const std::string& session_id) override { ports_.close(session_id, with_timeout(kStoreTimeout)); }
  int running_sessions() const override {
    std::lock_guard lock(mutex_);
    return static_cast<int>(active_.size());
  }
  std::optional<std::string> take_spare(const std::string& image, const std::string& environment) override {
    return spares_.take(image, environment);
  }
  int spare_sandboxes() const override { return spares_.ready(); }

 private:
  WorkerRecord record() const {
    WorkerRecord record;
    record.id = options_.worker_id;
    record.host_id = options_.host_id;
    record.url = options_.advertised_url;
    record.running = running_sessions();
    record.capacity = options_.concurrency;
    record.spare_sandboxes = spares_.ready();
    record.secret_digest = options_.secret_digest;
    return record;
  }

  WarmPoolOptions pool_options() const {
    WarmPoolOptions pool;
    pool.size = options_.warm_pool_size;
    pool.default_environment = options_.default_environment;
    pool.launch_timeout = options_.launch_timeout;
    pool.launch_params = [this](const std::string& id, const std::string& image, const std::string& environment) {
      return sandbox_params(id, image, environment, dependencies_.store.store_id(), options_.limits);
    };
    return pool;
  }

  struct Thread {
    std::jthread thread;
    std::shared_ptr<std::atomic<bool>> done = std::make_shared<std::atomic<bool>>(false);
  };

  void take_jobs(const std::stop_token& stop) {
    next_.queues = {session::queue_of_worker(options_.worker_id), kSharedQueue};
    next_.owner = options_.worker_id;
    while (!stop.stop_requested()) {
      if (!has_room()) {
        complete_last();
        if (!wait_for_room(stop)) return;
      }
      const auto job = dependencies_.queue.lease(next_, with_timeout(kJobWait).with_stop(stop));
      if (!job) {
        pause(stop);
        continue;
      }
      next_.done = *job;
      if (*job) start_run((*job)->id);
    }
    complete_last();
  }

  void complete_last() {
    if (next_.done) (void)dependencies_.queue.complete(*next_.done, with_timeout(kStoreTimeout));
    next_.done.reset();
  }

  bool is_full() const { return active_.size() >= static_cast<std::size_t>(options_.concurrency); }
  bool has_room() {
    std::lock_guard lock(mutex_);
    std::erase_if(threads_, [](const Thread& thread) { return thread.done->load(); });
    return !is_full();
  }
  bool wait_for_room(const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    return room_.wait(lock, stop, [this] { return !is_full(); });
  }

  void pause(const std::stop_token& stop) {
    CallContext ctx;
    ctx.stop = stop;
    (void)dependencies_.clock.sleep_for(kPauseAfterError, ctx);
  }

  // The job has done its duty once a thread looks after the session: what is left to do is in the store.
  void start_run(const std::string& session_id) {
    std::lock_guard lock(mutex_);
    if (!active_.insert(session_id).second) return;
    Thread thread;
    try {
      thread.thread = std::jthread([this, session_id, done = thread.done] {
        run_session(session_id);
        *done = true;
      });
    } catch (const std::system_error& e) {
      dependencies_.logger.error("no thread for a session", {{"session", session_id}, {"error", e.what()}});
      active_.erase(session_id);  // the reconciler queues it again
      return;
    }
    threads_.push_back(std::move(thread));
  }

  void run_session(const std::string& session_id) {
    Result<void> outcome;
    try {
      outcome = run_with_lease(session_id);
    } catch (const std::exception& e) {  // no thread, no memory: this session's run, nobody else's
      outcome = internal_error(e.what());
    }
    if (!outcome && outcome.error().code != ErrorCode::conflict && outcome.error().code != ErrorCode::cancelled) {
      const LogLevel level = outcome.error().retry_after ? LogLevel::debug : LogLevel::error;  // it waits
      dependencies_.logger.log(level, "a session's run ended early",
                               {{"session", session_id}, {"error", outcome.error().to_string()}});
    }
    {
      std::lock_guard lock(mutex_);
      active_.erase(session_id);
      room_.notify_all();
      finished_.notify_all();
    }
    // A prompt that came between the last look at the log and the end of the lease found the session owned; and what
    // this worker has to leave undone, another one is to do.
    if (outcome || abandon_.stop_requested()) (void)members_.push(session_id, with_timeout(kStoreTimeout));
  }

  // Its sandbox is on another host, where somebody lives who can use it.
  Result<bool> belongs_elsewhere(const std::string& session_id) {
    const auto row = dependencies_.store.get_session(session_id, with_timeout(kStoreTimeout));
    if (!row) return fail(row.error());
    if (row->host_id.empty() || row->host_id == options_.host_id) return false;
    const auto home = roster_.home_of(*row, with_timeout(kStoreTimeout));
    return home && home->host_id == row->host_id;
  }

  Result<void> run_with_lease(const std::string& session_id) {
    const auto elsewhere = belongs_elsewhere(session_id);
    if (!elsewhere) return fail(elsewhere.error());
    if (*elsewhere) return {};  // and is pushed there
    // An owner per run, so that two runs of one session exclude each other within a worker too.
    const SteadyTime asked_at = std::chrono::steady_clock::now();
    AcquireLeaseParams params{session_id, options_.worker_id + "/" + new_id(), options_.lease_ttl};
    auto lease = dependencies_.store.acquire_lease(params, with_timeout(kStoreTimeout));
    if (!lease) return fail(lease.error());
    LeaseKeeper::Held held(leases_, *lease, asked_at);
    std::stop_source give_up;
    std::stop_callback on_lost(held.lost(), [&] { give_up.request_stop(); });
    std::stop_callback on_shutdown(abandon_.get_token(), [&] { give_up.request_stop(); });
    SessionRunner runner(dependencies_, options_, ports_, disk_, *lease, give_up.get_token());
    return runner.run();
  }

  void keep_house(const std::stop_token& stop) {
    CallContext ctx;
    ctx.stop = stop;
    reaper_.restore(ctx);
    auto next_reap = dependencies_.clock.steady_now();
    while (!stop.stop_requested()) {
      requeue(ctx);
      sweep_.run(ctx.within(kStoreTimeout));
      (void)dependencies_.queue.recover_stalled(ctx.within(kStoreTimeout));
      reaper_.end_expired(ctx);
      if (dependencies_.clock.steady_now() >= next_reap) {
        reaper_.remove_strays(ctx);
        next_reap = dependencies_.clock.steady_now() + options_.reap_interval;
      }
      wait_for_round(ctx);
    }
  }

  void requeue(const CallContext& ctx) {
    auto pushed = requeue_pending(dependencies_.store, dependencies_.queue, ctx.within(kStoreTimeout));
    if (!pushed) dependencies_.logger.warn("could not requeue sessions", {{"error", pushed.error().to_string()}});
    members_.bury_dead(ctx.within(kStoreTimeout));
  }

  // Until the next round is due. When another worker dies meanwhile, its sessions are taken up as they become free:
  // each when its lease ends, which is after the worker's own announcement did.
  void wait_for_round(const CallContext& ctx) {
    if (!options_.has_peers) return (void)dependencies_.clock.sleep_for(options_.reconcile_interval, ctx);
    const auto until = dependencies_.clock.steady_now() + options_.reconcile_interval;
    while (dependencies_.clock.steady_now() < until) {
      if (!dependencies_.clock.sleep_for(kWatchInterval, ctx)) return;
      if (members_.somebody_may_have_gone(ctx.within(kStoreTimeout))) {
        roster_.refresh();
        adopt_until_ = dependencies_.clock.steady_now() + options_.lease_ttl + kWatchInterval;
      }
      if (dependencies_.clock.steady_now() < adopt_until_) requeue(ctx);
    }
  }

  WorkerDependencies dependencies_;
  const WorkerOptions options_;
  PortListeners ports_;
  WarmPool spares_;
  DiskWatch disk_;
  session::WorkerRoster roster_;
  Reaper reaper_;
  LeaseKeeper leases_;
  Membership members_;
  QueueSweep sweep_;          // of the thread that keeps house, as the next one
  SteadyTime adopt_until_{};
  std::stop_source abandon_;
  mutable std::mutex mutex_;  // guards active_ and threads_
  std::condition_variable_any room_;
  std::condition_variable finished_;
  std::set<std::string> active_;
  std::list<Thread> threads_;
  LeaseJobParams next_;  // of the thread that takes jobs; the last one is done when it asks for the next
  std::jthread keeper_;
  std::jthread taker_;
};

}  // namespace

Result<std::unique_ptr<Worker>> Worker::start(WorkerDependencies dependencies, WorkerOptions options) {
  if (options.concurrency < 1) return invalid_field("WORKER_CONCURRENCY", "must be at least 1");
  if (options.worker_id.empty()) return invalid_field("WORKER_ID", "must not be empty");
  auto worker = std::make_unique<WorkerImpl>(std::move(dependencies), std::move(options));
  worker->start();
  return worker;
}

}  // namespace ottobot::worker
