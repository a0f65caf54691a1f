// `ottobot doctor`: the other processes of a service on Redis.

#include <algorithm>

#include "api/host_guard.hpp"
#include "doctor_checks.hpp"
#include "net/client/http_client.hpp"
#include "net/process/connect_host.hpp"
#include "session/shared_secret.hpp"

namespace ottobot::cli {
namespace {

constexpr std::chrono::seconds kAsking{5}, kAnswer{3};
constexpr std::size_t kMaxAsked = 20;  // the wait has an end
constexpr const char* kName = "workers";

Result<std::vector<WorkerRecord>> live_workers(const DoctorContext& context) {
  auto queue = context.registry.queues.make("redis", {context.settings, system_clock(), context.logger, {}, {}});
  if (!queue) return fail(queue.error());
  auto workers = (*queue)->workers(with_timeout(kAsking));
  if (workers) std::erase_if(*workers, [](const WorkerRecord& worker) { return !worker.alive; });
  return workers;
}

Finding check_worker(const WorkerRecord& worker, const std::string& secret, net::HttpClient& client) {
  const std::string shown = "worker " + worker.id + " on host " + worker.host_id;
  if (!session::shares_secret(worker, secret)) {
    return {kName, Verdict::bad, shown + " has another OTTOBOT_CLUSTER_SECRET than this process",
            session::kSameSecretHint};
  }
  constexpr const char* kFix = "set its OTTOBOT_ADVERTISE_URL to http://HOST:PORT, as this machine reaches it";
  if (worker.url.empty()) return {kName, Verdict::bad, shown + " does not say where it can be reached", kFix};
  net::HttpRequest request;
  request.url = worker.url + "/health";
  const auto answer = client.fetch(request, with_timeout(kAnswer));
  if (answer) return {kName, Verdict::good, shown + " answers at " + worker.url + " and has our secret", {}};
  return {kName, Verdict::bad, shown + " cannot be reached at " + worker.url + ": " + answer.error().message, kFix};
}

// Whether the name that the others are told leads anywhere; who is there shows once the process runs.
std::vector<Finding> check_own_url(const config::Settings& settings) {
  if (settings.advertise_url.empty() || settings.role == ServerRole::api) return {};
  const std::string host(api::host_of(api::authority_of(settings.advertise_url)));
  const auto found =
      net::resolve(host.starts_with('[') ? host.substr(1, host.size() - 2) : host, with_timeout(kAnswer));
  constexpr const char* kOwn = "advertise_url";
  if (found)
    return {{kOwn, Verdict::good, "the others are told to reach this process at " + settings.advertise_url, {}}};
  return {{kOwn, Verdict::bad, "OTTOBOT_ADVERTISE_URL: " + found.error().message,
           "name an address of this machine that the other processes reach"}};
}

}  // namespace

std::vector<Finding> check_cluster(const DoctorContext& context) {
  const auto& settings = context.settings;
  if (settings.queue != "redis") return {};
  const auto workers = live_workers(context);
  if (!workers) return {};  // check_redis() has said why
  auto findings = check_own_url(settings);
  if (workers->empty() && settings.role == ServerRole::api) {
    findings.push_back({kName, Verdict::warning, "no worker is up: sessions wait until one is",
                        "ottobot serve --role worker, with this process's settings"});
  }
  const std::string& secret = settings.access.cluster_secret;
  if (!workers->empty() && secret.empty()) {
    findings.push_back({kName, Verdict::warning,
                        "workers are up, but OTTOBOT_CLUSTER_SECRET is not set: every process answers for itself",
                        session::kSameSecretHint});
  }
  const auto client = net::make_http_client();
  if (!client) return findings;
  for (std::size_t n = 0; n < std::min(workers->size(), kMaxAsked); ++n) {
    findings.push_back(check_worker((*workers)[n], secret, **client));
  }
  return findings;
}

}  // namespace ottobot::cli
