// How long a running turn is silent when its worker is killed: from the last event before to the first after, by the
// times in its log. One API server and three workers on one Redis, sessions on all of them; one worker after the other
// is killed (-9) and started again.
//
//   bench_adoption [--samples 100] [--sessions 6] [--programs DIR] [--redis URL]
//
// Without --redis it starts a redis-server of its own. Prints a table and, last, one JSON line.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <thread>

#include "bench/server_process.hpp"
#include "bench/support.hpp"
#include "net/client/http_client.hpp"
#include "net/process/spawn.hpp"
#include "ottobot/stores/redis.hpp"

namespace ottobot::bench {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds kTimeout{60};
constexpr std::chrono::milliseconds kLook{100};
constexpr std::chrono::milliseconds kUnderWay{1500};  // of every session, before the next worker is killed
constexpr int kWorkers = 3;
constexpr int kStepsOfATurn = 150;  // a turn has 200 at most
constexpr int kTurns = 400;         // that wait in each session: more than a run gets done

struct Options {
  int samples = 100;
  int sessions = 6;
  std::string programs, redis;
};

// An event every tenth of a second or so.
Json steady_scenario() {
  Json steps = Json::array();
  for (int n = 0; n < kStepsOfATurn; ++n) {
    steps.push_back(
        {{"text", "Next"}, {"tool_calls", {{{"name", "execute_command"}, {"args", {{"command", "sleep 0.1"}}}}}}});
  }
  return {{"turns", {{{"steps", std::move(steps)}}}}};
}

// A redis-server on a unix socket.
class OwnRedis {
 public:
  explicit OwnRedis(const std::string& folder) : socket_(folder + "/redis.sock") {
    net::SpawnOptions options;
    options.argv = {"redis-server", "--port", "0",         "--unixsocket",       socket_, "--dir", folder, "--save", "",
                    "--appendonly", "yes",    "--logfile", folder + "/redis.log"};
    options.die_with_parent = true;
    process_ = must(net::spawn(options));
    const auto end = Clock::now() + kTimeout;
    while (!std::filesystem::exists(socket_)) {
      if (Clock::now() > end) give_up(unavailable("redis-server does not start").value());
      std::this_thread::sleep_for(kLook);
    }
  }
  ~OwnRedis() {
    process_.kill_group(SIGKILL);
    (void)process_.wait(with_timeout(kTimeout));
  }
  std::string url() const { return "unix:" + socket_; }

 private:
  const std::string socket_;
  net::Process process_;
};

class Service {
 public:
  Service(const Options& options, const std::string& folder)
      : options_(options),
        folder_(folder),
        http_(must(net::make_http_client())),
        store_(must(make_redis_store(must(parse_redis_url(options.redis))))) {
    std::ofstream(folder + "/scenario.json") << dump_json(steady_scenario());
    ::setenv("REDIS_URL", options.redis.c_str(), 1);
    ::setenv("OTTOBOT_CLUSTER_SECRET", "known to all processes of this benchmark", 1);
    api_ = start("api", "api");
    for (int n = 0; n < kWorkers; ++n) start_worker(n);
  }

  void start_worker(int n) { workers_[n] = start("worker", worker_id(n)); }
  void kill_worker(int n) { ::kill(workers_.at(n)->pid(), SIGKILL); }
  static std::string worker_id(int n) { return "bench-" + std::to_string(n); }

  Json call(const std::string& method, const std::string& path, const Json& body = nullptr) {
    net::HttpRequest request;
    request.method = method;
    request.url = "http://127.0.0.1:" + std::to_string(api_->port()) + path;
    if (!body.is_null()) {
      request.headers.set("Content-Type", "application/json");
      request.body = dump_json(body);
    }
    return parse_json(must(http_->fetch(request, with_timeout(kTimeout))).body).value_or(Json::object());
  }

  // Id of the worker that runs the session.
  std::string runner_of(const std::string& session) {
    return must(store_->get_session(session, with_timeout(kTimeout))).worker_id;
  }

 private:
  std::unique_ptr<ServerProcess> start(const std::string& role, const std::string& id) {
    ::setenv("WORKER_ID", id.c_str(), 1);
    return must(
        ServerProcess::start({"ottobot",
                              {options_.programs + "/ottobot", "serve", "--port", "0", "--role", role, "--store",
                               "redis", "--backend", "local", "--model", "scripted:" + folder_ + "/scenario.json",
                               "--data-dir", folder_ + "/data", "--log-level", "error"},
                              Cores::all}));
  }

  const Options& options_;
  const std::string folder_;
  std::unique_ptr<net::HttpClient> http_;
  std::unique_ptr<SessionStore> store_;
  std::map<int, std::unique_ptr<ServerProcess>> workers_;
  std::unique_ptr<ServerProcess> api_;  // ends first
};

// The times of a session's events, in ms, in pages of those that are new.
class Log {
 public:
  Log(Service& service, std::string id) : service_(service), id_(std::move(id)) {}

  const std::vector<std::int64_t>& times() {
    for (;;) {
      const Json page = service_.call("GET", "/session/" + id_ + "/events?limit=1000&after=" + std::to_string(last_));
      const Json events = page.value("events", Json::array());
      if (events.empty()) return times_;
      for (const Json& event : events) times_.push_back(get_int(event, "timestamp"));
      last_ = get_int(events.back(), "seq");
    }
  }
  const std::string& id() const { return id_; }

 private:
  Service& service_;
  const std::string id_;
  std::int64_t last_ = 0;
  std::vector<std::int64_t> times_;
};

std::int64_t now_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

// The silence that began before `killed_at`; nullopt while it lasts.
std::optional<double> silence(const std::vector<std::int64_t>& times, std::int64_t killed_at) {
  const auto after = std::upper_bound(times.begin(), times.end(), killed_at);
  if (after == times.begin() || after == times.end()) return std::nullopt;
  return static_cast<double>(*after - *(after - 1)) / 1000;
}

void wait_until_under_way(std::vector<Log>& logs) {
  const std::int64_t from = now_ms();
  const auto end = Clock::now() + kTimeout;
  for (Log& log : logs) {
    for (;;) {
      const auto& times = log.times();
      if (!times.empty() && times.back() > from + kUnderWay.count()) break;
      if (Clock::now() > end) give_up(deadline_exceeded("session " + log.id() + " is silent").value());
      std::this_thread::sleep_for(kLook);
    }
  }
}

// Whose worker died: their events stop with it.
void measure_kill(Service& service, std::vector<Log>& logs, int worker, std::vector<double>& samples) {
  wait_until_under_way(logs);
  std::vector<Log*> hit;
  for (Log& log : logs) {
    if (service.runner_of(log.id()) == Service::worker_id(worker)) hit.push_back(&log);
  }
  const std::int64_t killed_at = now_ms();
  service.kill_worker(worker);
  const auto end = Clock::now() + kTimeout;
  for (Log* log : hit) {
    for (;;) {
      if (const auto silent = silence(log->times(), killed_at)) {
        samples.push_back(*silent);
        break;
      }
      if (Clock::now() > end) give_up(deadline_exceeded("session " + log->id() + " is not taken up").value());
      std::this_thread::sleep_for(kLook);
    }
  }
  service.start_worker(worker);
}

double percentile(std::vector<double> values, double share) {
  std::sort(values.begin(), values.end());
  return values[static_cast<std::size_t>(share * static_cast<double>(values.size() - 1) + 0.5)];
}

void end_sessions(Service& service, const std::vector<Log>& logs) {
  for (const Log& log : logs) service.call("DELETE", "/session/" + log.id());
  const auto end = Clock::now() + kTimeout;
  for (const Log& log : logs) {
    while (get_string(service.call("GET", "/session/" + log.id()), "status") != "terminated" && Clock::now() < end) {
      std::this_thread::sleep_for(kLook);
    }
  }
}

int run(Options options) {
  const ScratchFolder folder("adoption");
  std::optional<OwnRedis> redis;
  if (options.redis.empty()) options.redis = redis.emplace(folder.path()).url();
  Service service(options, folder.path());
  std::vector<Log> logs;
  for (int n = 0; n < options.sessions; ++n) {
    const Json made = service.call("POST", "/session", {{"initial_prompt", "Go on"}});
    logs.emplace_back(service, get_string(made, "session_id"));
    const std::string path = "/session/" + logs.back().id() + "/messages";
    for (int turn = 0; turn < kTurns; ++turn) service.call("POST", path, {{"content", "Go on"}});
  }
  std::vector<double> samples;
  int kills = 0;
  while (static_cast<int>(samples.size()) < options.samples) measure_kill(service, logs, kills++ % kWorkers, samples);
  end_sessions(service, logs);
  const double p50 = percentile(samples, 0.5), p99 = percentile(samples, 0.99), most = percentile(samples, 1);
  std::printf("s of silence in a running turn whose worker is killed; %zu turns, %d kills\n\n", samples.size(), kills);
  std::printf("median %8.2f\np99    %8.2f\nmost   %8.2f\n\n", p50, p99, most);
  print_json_line({{"p50_s", p50}, {"p99_s", p99}, {"most_s", most}, {"samples", samples.size()}});
  return 0;
}

}  // namespace
}  // namespace ottobot::bench

int main(int argc, char** argv) {
  CLI::App app("Silence in a running turn whose worker is killed");
  ottobot::bench::Options options;
  options.programs = std::filesystem::canonical("/proc/self/exe").parent_path();
  app.add_option("--samples", options.samples, "turns whose worker was killed")->check(CLI::Range(1, 100000));
  app.add_option("--sessions", options.sessions, "that run at the same time")->check(CLI::Range(1, 60));
  app.add_option("--programs", options.programs, "folder of ottobot and ottobot-sandboxd; that of this when left out");
  app.add_option("--redis", options.redis, "redis:// or unix: URL; a server of its own when left out");
  CLI11_PARSE(app, argc, argv);
  return ottobot::bench::run(options);
}
