// `ottobot doctor`: does Redis take what is to be kept there, and keep it?

#include "doctor_checks.hpp"

namespace ottobot::cli {
namespace {

constexpr std::chrono::seconds kPatience{5};

}  // namespace

std::vector<Finding> check_redis(const DoctorContext& context) {
  constexpr const char* kName = "redis";
  if (context.settings.store != "redis") return {};
  const auto report = probe_redis(context.settings.redis, with_timeout(kPatience));
  if (!report) {
    const bool is_down = report.error().code == ErrorCode::unavailable && report.error().hint.empty();
    return {{kName, Verdict::bad, report.error().message,
             is_down ? "apt-get install -y redis-server && systemctl start redis-server, or set REDIS_URL"
                     : report.error().hint}};
  }
  std::vector<Finding> findings{
      {kName, Verdict::good, "Redis " + report->version + (report->cluster ? " (cluster)" : "") + " answers", {}}};
  if (report->evicts) {
    findings.push_back({"redis_eviction", Verdict::bad, "Redis throws sessions away when its memory is full",
                        "redis-cli config set maxmemory-policy noeviction"});
  }
  if (!report->append_only) {
    findings.push_back({"redis_persistence", Verdict::warning, "Redis forgets the last minutes when it is restarted",
                        "redis-cli config set appendonly yes"});
  }
  return findings;
}

}  // namespace ottobot::cli
