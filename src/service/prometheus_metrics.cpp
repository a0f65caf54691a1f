#include "service/prometheus_metrics.hpp"

#include <prometheus/counter.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <exception>

namespace ottobot::service {
namespace {

using prometheus::BuildCounter;
using prometheus::BuildHistogram;
using prometheus::Counter;
using prometheus::Family;
using prometheus::Histogram;
using prometheus::Labels;
using prometheus::MetricFamily;

const Histogram::BucketBoundaries kRequestSeconds{0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1,
                                                  0.25,  0.5,    1,     2.5,  5,     10,   60};
const Histogram::BucketBoundaries kTurnSeconds{0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800, 3600};

// A gauge whose values are known only now.
class GaugeFamily {
 public:
  GaugeFamily(std::string name, std::string help)
      : family_{std::move(name), std::move(help), prometheus::MetricType::Gauge, {}} {}

  void add(double value, const Labels& labels = {}) {
    prometheus::ClientMetric metric;
    for (const auto& [label, text] : labels) metric.label.push_back({label, text});
    metric.gauge.value = value;
    family_.metric.push_back(std::move(metric));
  }
  MetricFamily take() { return std::move(family_); }

 private:
  MetricFamily family_;
};

template <class Number>
double as_double(Number number) {
  return static_cast<double>(number);
}

MetricFamily session_gauge(const Snapshot& snapshot) {
  GaugeFamily sessions("ottobot_sessions", "Sessions by status");
  for (const SessionStatus status : {SessionStatus::initializing, SessionStatus::ready, SessionStatus::running,
                                     SessionStatus::terminating, SessionStatus::terminated, SessionStatus::error}) {
    const auto found = snapshot.totals.sessions.find(status);
    sessions.add(found == snapshot.totals.sessions.end() ? 0 : as_double(found->second),
                 {{"status", std::string(to_string(status))}});
  }
  return sessions.take();
}

MetricFamily queue_gauge(const QueueCounts& queue) {
  GaugeFamily jobs("ottobot_queue_jobs", "Jobs of all queues by state");
  jobs.add(as_double(queue.waiting), {{"state", "waiting"}});
  jobs.add(as_double(queue.delayed), {{"state", "delayed"}});
  jobs.add(as_double(queue.leased), {{"state", "leased"}});
  jobs.add(as_double(queue.dead), {{"state", "dead"}});
  return jobs.take();
}

void add_sandboxes(const Snapshot& snapshot, std::vector<MetricFamily>& families) {
  GaugeFamily memory("ottobot_sandbox_memory_bytes", "Memory that a session's sandbox uses");
  GaugeFamily cpu("ottobot_sandbox_cpu_seconds", "CPU time that a session's sandbox has used");
  GaugeFamily processes("ottobot_sandbox_processes", "Processes of a session's sandbox");
  for (const SandboxUse& use : snapshot.sandboxes) {
    if (!use.stats) continue;
    const Labels labels{{"session", use.session.id}};
    memory.add(as_double(use.stats->memory_bytes), labels);
    cpu.add(as_double(use.stats->cpu_time_us) / 1e6, labels);
    processes.add(as_double(use.stats->processes), labels);
  }
  families.push_back(memory.take());
  families.push_back(cpu.take());
  families.push_back(processes.take());
}

void add_gauges(const Snapshot& snapshot, const std::string& version, std::vector<MetricFamily>& families) {
  GaugeFamily build("ottobot_build_info", "1, labelled with the version");
  build.add(1, {{"version", version}});
  GaugeFamily workers("ottobot_worker_sessions", "Sessions that a worker runs right now");
  GaugeFamily spares("ottobot_spare_sandboxes", "Sandboxes that wait for sessions to come");
  for (const WorkerRecord& worker : snapshot.workers) {
    workers.add(worker.running, {{"worker", worker.id}});
    spares.add(worker.spare_sandboxes, {{"worker", worker.id}});
  }
  GaugeFamily refused("ottobot_sandbox_launches_refused", "1 while launches of sandboxes have failed and are refused");
  refused.add(snapshot.launches_refused ? 1 : 0);
  families.push_back(build.take());
  families.push_back(refused.take());
  families.push_back(session_gauge(snapshot));
  families.push_back(queue_gauge(snapshot.queue));
  families.push_back(workers.take());
  families.push_back(spares.take());
  add_sandboxes(snapshot, families);
}

Family<Counter>& counter(prometheus::Registry& registry, const char* name, const char* help) {
  return BuildCounter().Name(name).Help(help).Register(registry);
}

}  // namespace

struct PrometheusMetrics::Families {
  prometheus::Registry registry;
  Family<Counter>& requests = counter(registry, "ottobot_http_requests_total", "Requests answered");
  Family<Histogram>& request_seconds = BuildHistogram()
                                           .Name("ottobot_http_request_duration_seconds")
                                           .Help("Time until a request was answered, or handed on to a stream")
                                           .Register(registry);
  Family<Counter>& turns = counter(registry, "ottobot_turns_total", "Turns that ended in this process");
  Counter& steps =
      counter(registry, "ottobot_turn_steps_total", "Model calls of the turns that ended in this process").Add({});
  Family<Counter>& tokens = counter(registry, "ottobot_tokens_total", "Tokens of those turns");
  Counter& cost =
      counter(registry, "ottobot_cost_usd_total", "Cost of those turns, as far as prices are known").Add({});
  Histogram& turn_seconds = BuildHistogram()
                                .Name("ottobot_turn_duration_seconds")
                                .Help("Time from when a turn began to run to its end")
                                .Register(registry)
                                .Add({}, kTurnSeconds);
};

PrometheusMetrics::PrometheusMetrics(std::string version)
    : version_(std::move(version)), families_(std::make_unique<Families>()) {}
PrometheusMetrics::~PrometheusMetrics() = default;

void PrometheusMetrics::count(const api::AnsweredRequest& request) {
  families_->requests
      .Add({{"method", request.method}, {"route", request.route}, {"status", std::to_string(request.status)}})
      .Increment();
  families_->request_seconds.Add({{"route", request.route}}, kRequestSeconds)
      .Observe(std::chrono::duration<double>(request.duration).count());
}

void PrometheusMetrics::count(const FinishedTurn& turn) {
  const Usage& usage = turn.cost.usage;
  families_->turns.Add({{"outcome", std::string(to_string(turn.outcome))}}).Increment();
  families_->steps.Increment(as_double(turn.cost.steps));
  families_->tokens.Add({{"direction", "input"}}).Increment(as_double(usage.input_tokens));
  families_->tokens.Add({{"direction", "output"}}).Increment(as_double(usage.output_tokens));
  families_->cost.Increment(usage.cost_usd);
  families_->turn_seconds.Observe(as_double(turn.cost.duration_ms) / 1000);
}

Result<std::string> PrometheusMetrics::text(const Snapshot& snapshot) const {
  try {
    auto families = families_->registry.Collect();
    add_gauges(snapshot, version_, families);
    return prometheus::TextSerializer().Serialize(families);
  } catch (const std::exception& e) {
    return internal_error(std::string("metrics: ") + e.what());
  }
}

}  // namespace ottobot::service
