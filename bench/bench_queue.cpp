// The Redis queue, add to done: jobs per second, CPU time of Redis for each job, and how long a job waits for its
// start; one process adds one by one with 50 on their way, another takes 50 at once. Beside it, with --peers, BullMQ 6
// and 4 on Node.js and Bun, in turn on the same Redis, which writes its append-only file.
//
//   bench_queue [--jobs 20000] [--rounds 3] [--fsync everysec] [--rate 1000] [--peers DIR]
//
// Prints a table and, last, one JSON line. The waits are measured at a steady rate that all can carry: without one, a
// job waits as long as the producer is quicker than the worker.
#include <poll.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <map>
#include <mutex>
#include <thread>

#include "bench/redis_process.hpp"
#include "bench/server_process.hpp"

namespace ottobot::bench {
namespace {

constexpr const char* kQueue = "bench";
constexpr int kAtOnce = 50;
constexpr std::chrono::seconds kPatience{300};

struct Options {
  int jobs = 20000, rounds = 3, rate = 1000;
  std::string fsync = "everysec", peers;
};

double now_us() {
  return static_cast<double>(
      std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::system_clock::now().time_since_epoch())
          .count());
}

// --- what a process of ours does -----------------------------------------------------------------------------------

// An id is the job's number and when it was added.
double added_us(const std::string& id) { return std::stod(id.substr(id.find('@') + 1)); }

int work(int port, int jobs) {
  const auto queue = must(make_redis_queue(RedisProcess::redis_at(port)));
  std::printf("ready\n");
  std::fflush(stdout);
  std::mutex mutex;
  std::vector<double> waits;
  std::stop_source done;
  const auto take = [&] {
    CallContext ctx = with_timeout(kPatience);
    ctx.stop = done.get_token();
    LeaseJobParams params{{kQueue}, "bench"};
    while (true) {
      const auto job = queue->lease(params, ctx);
      if (done.stop_requested()) {
        if (params.done) (void)queue->complete(*params.done, with_timeout(kPatience));  // or it was with the last look
        return;
      }
      if (!must(job)) give_up(Error{ErrorCode::deadline_exceeded, "a job did not come"});
      params.done = *job;
      const double waited = (now_us() - added_us((*job)->id)) / 1000;
      const std::lock_guard lock(mutex);
      waits.push_back(waited);
      if (waits.size() == static_cast<std::size_t>(jobs)) done.request_stop();
    }
  };
  std::jthread stalled([&](std::stop_token stop) {
    CallContext ctx = with_timeout(kPatience);
    ctx.stop = stop;
    while (system_clock().sleep_for(std::chrono::seconds(30), ctx)) must(queue->recover_stalled(ctx));
  });
  std::vector<std::jthread> threads;
  for (int n = 0; n < kAtOnce; ++n) threads.emplace_back(take);
  threads.clear();
  const double ended = now_us();
  std::sort(waits.begin(), waits.end());
  print_json_line({{"ended", ended}, {"p50_ms", waits[waits.size() / 2]}, {"p99_ms", waits[waits.size() * 99 / 100]}});
  return 0;
}

int produce(int port, int jobs, int rate) {
  const auto queue = must(make_redis_queue(RedisProcess::redis_at(port)));
  std::atomic<int> next{0};
  const double began = now_us();
  const auto add = [&] {
    const auto ctx = with_timeout(kPatience);
    for (int n = next++; n < jobs; n = next++) {
      const double pause = rate > 0 ? began + n * 1e6 / rate - now_us() : 0;
      if (pause > 0) std::this_thread::sleep_for(std::chrono::microseconds(static_cast<std::int64_t>(pause)));
      must(queue->push({kQueue, std::to_string(n) + "@" + std::to_string(static_cast<std::int64_t>(now_us()))}, ctx));
    }
  };
  std::vector<std::jthread> threads;
  for (int n = 0; n < kAtOnce; ++n) threads.emplace_back(add);
  threads.clear();
  print_json_line({{"began", began}});
  return 0;
}

// --- the comparison --------------------------------------------------------------------------------------------------

struct Contender {
  std::string name;
  std::vector<std::string> argv;  // then: work|produce PORT JOBS AT_ONCE [RATE]
};

struct Figures {
  std::vector<double> jobs_per_s, redis_us, p50_ms, p99_ms;
};

class Role {
 public:
  Role(const Contender& who, const char* role, int port, int jobs, int rate) {
    auto pipe = must(net::make_pipe());
    net::SpawnOptions options;
    options.argv = who.argv;
    for (const std::string& word : {std::string(role), std::to_string(port), std::to_string(jobs),
                                    std::to_string(kAtOnce), rate > 0 ? std::to_string(rate) : std::string()}) {
      if (!word.empty()) options.argv.push_back(word);
    }
    options.stdout_fd = pipe.second.get();
    options.stderr_fd = STDERR_FILENO;
    options.die_with_parent = true;
    process_ = must(net::spawn(options));
    output_ = std::move(pipe.first);
  }
  ~Role() {
    process_.kill_group();
    (void)process_.wait(with_timeout(kPatience));
  }
  Role(const Role&) = delete;
  Role& operator=(const Role&) = delete;

  std::string line() {
    std::string text;
    pollfd readable{output_.get(), POLLIN, 0};
    for (char c = 0; c != '\n'; text += c) {
      if (::poll(&readable, 1, static_cast<int>(kPatience.count() * 1000)) != 1 || ::read(output_.get(), &c, 1) != 1) {
        give_up(Error{ErrorCode::unavailable, "a part of the benchmark ended before it was done"});
      }
    }
    return text;
  }

 private:
  net::Process process_;
  net::UniqueFd output_;
};

void measure(const Contender& who, const Options& options, Figures& figures) {
  const RedisProcess redis(
      {"--appendonly", "yes", "--appendfsync", options.fsync, "--auto-aof-rewrite-percentage", "0"});
  const auto run = [&](int jobs, int rate, auto&& take) {
    Role worker(who, "work", redis.port(), jobs, 0);
    (void)worker.line();  // it is ready
    const double before = redis.cpu_us();
    Role producer(who, "produce", redis.port(), jobs, rate);
    const Json began = must(parse_json(producer.line()));
    const Json ended = must(parse_json(worker.line()));
    take(get_double(ended, "ended") - get_double(began, "began"), redis.cpu_us() - before, ended);
  };
  run(options.jobs / 10, 0, [](double, double, const Json&) {});  // warm
  run(options.jobs, 0, [&](double took_us, double redis_us, const Json&) {
    figures.jobs_per_s.push_back(options.jobs * 1e6 / took_us);
    figures.redis_us.push_back(redis_us / options.jobs);
  });
  run(options.rate * 4, options.rate, [&](double, double, const Json& waits) {
    figures.p50_ms.push_back(get_double(waits, "p50_ms"));
    figures.p99_ms.push_back(get_double(waits, "p99_ms"));
  });
}

std::vector<Contender> contenders(const Options& options) {
  std::vector<Contender> all{{"ottobot", {std::filesystem::canonical("/proc/self/exe")}}};
  if (options.peers.empty()) return all;
  for (const char* version : {"6", "4"}) {
    for (const bool on_bun : {false, true}) {
      all.push_back({std::string("BullMQ ") + version + (on_bun ? ", Bun" : ", Node.js"),
                     {on_bun ? bun_of(options.peers) : "node", options.peers + "/queue_bullmq.mjs", version}});
    }
  }
  return all;
}

int compare(const Options& options) {
  const auto all = contenders(options);
  std::vector<Figures> figures(all.size());
  for (int round = 0; round < options.rounds; ++round) {
    for (std::size_t n = 0; n < all.size(); ++n) measure(all[n], options, figures[n]);
  }
  std::printf("%d jobs, appendfsync %s, waits at %d jobs/s; median of %d rounds [lowest-highest]\n\n", options.jobs,
              options.fsync.c_str(), options.rate, options.rounds);
  std::printf("%-20s %-26s %-24s %-22s %-22s %s\n", "queue", "jobs/s", "Redis CPU us each", "wait ms, median",
              "wait ms, p99", "ours better by: jobs/s, CPU, p99");
  Json json = Json::object();
  const Figures& ours = figures.front();
  for (std::size_t n = 0; n < all.size(); ++n) {
    const Figures& own = figures[n];
    std::printf("%-20s %-26s %-24s %-22s %-22s %.1f %.1f %.1f\n", all[n].name.c_str(),
                spread(own.jobs_per_s, 0).c_str(), spread(own.redis_us).c_str(), spread(own.p50_ms, 2).c_str(),
                spread(own.p99_ms, 2).c_str(), median(ours.jobs_per_s) / median(own.jobs_per_s),
                median(own.redis_us) / median(ours.redis_us), median(own.p99_ms) / median(ours.p99_ms));
    json[all[n].name] = {{"jobs_per_s", median(own.jobs_per_s)},
                         {"redis_us", median(own.redis_us)},
                         {"p50_ms", median(own.p50_ms)},
                         {"p99_ms", median(own.p99_ms)}};
  }
  std::printf("\n");
  print_json_line(json);
  return 0;
}

}  // namespace
}  // namespace ottobot::bench

int main(int argc, char** argv) {
  using namespace ottobot::bench;
  if (argc >= 5 && std::strcmp(argv[1], "work") == 0) return work(std::atoi(argv[2]), std::atoi(argv[3]));
  if (argc >= 5 && std::strcmp(argv[1], "produce") == 0) {
    return produce(std::atoi(argv[2]), std::atoi(argv[3]), argc > 5 ? std::atoi(argv[5]) : 0);
  }
  CLI::App app("The Redis queue, beside BullMQ");
  Options options;
  app.add_option("--jobs", options.jobs, "of a round")->check(CLI::Range(100, 10'000'000));
  app.add_option("--rounds", options.rounds, "rounds over all queues")->check(CLI::Range(1, 100));
  app.add_option("--fsync", options.fsync, "Redis' appendfsync")->check(CLI::IsMember({"always", "everysec", "no"}));
  app.add_option("--rate", options.rate, "jobs per second while waits are measured")->check(CLI::Range(1, 1'000'000));
  app.add_option("--peers", options.peers, "folder of the peers, with node_modules");
  CLI11_PARSE(app, argc, argv);
  return compare(options);
}
