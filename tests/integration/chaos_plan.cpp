#include "integration/chaos_plan.hpp"

#include <algorithm>
#include <cstdlib>
#include <random>

namespace ottobot::integration {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr milliseconds kBetween{2000};  // on the average, from one to the next
constexpr milliseconds kFreeze{20000};
constexpr milliseconds kLongestAbsence{3000};
constexpr milliseconds kRest{2000};
constexpr seconds kBetweenRedisRestarts{150};

int number(const char* name, int otherwise) {
  const char* given = std::getenv(name);
  const int wanted = given == nullptr ? 0 : std::atoi(given);
  return wanted > 0 ? wanted : otherwise;
}

class Planner {
 public:
  explicit Planner(const ChaosOptions& options)
      : options_(options),
        end_(options.duration),
        random_(options.seed),
        busy_until_(static_cast<std::size_t>(options.workers + options.apis), milliseconds(0)) {}

  std::vector<Mischief> plan() {
    const int restarts = std::max(1, static_cast<int>(end_ / kBetweenRedisRestarts));
    for (int n = 0; n < restarts; ++n) {
      const milliseconds at = between(end_ * (4 * n + 1) / (4 * restarts), end_ * (4 * n + 3) / (4 * restarts));
      plan_.push_back({at, at + up_to(kLongestAbsence), Blow::restart_redis, 0});
    }
    strike(between(seconds(1), end_ / 8), Blow::freeze, up_to(options_.workers - 1));
    strike(between(end_ / 4, end_ / 3), Blow::freeze, options_.workers + up_to(options_.apis - 1));
    for (milliseconds at = up_to(kBetween); at < end_; at += up_to(kBetween * 2)) strike_anyone(at);
    std::stable_sort(plan_.begin(), plan_.end(), [](const auto& a, const auto& b) { return a.at < b.at; });
    return std::move(plan_);
  }

 private:
  int up_to(int most) { return std::uniform_int_distribution<int>(0, most)(random_); }
  milliseconds up_to(milliseconds most) { return milliseconds(up_to(static_cast<int>(most.count()))); }
  milliseconds between(milliseconds first, milliseconds last) { return first + up_to(std::max(last - first, {})); }

  bool is_free(int target, milliseconds at) const { return busy_until_[static_cast<std::size_t>(target)] <= at; }
  int count_free(int first, int last, milliseconds at) const {
    int free = 0;
    for (int target = first; target < last; ++target) free += is_free(target, at) ? 1 : 0;
    return free;
  }

  // Nobody can start without it.
  milliseconds while_redis_runs(milliseconds at) const {
    for (const Mischief& other : plan_) {
      const bool is_down = other.blow == Blow::restart_redis && at >= other.at && at <= other.mended_at;
      if (is_down) return other.mended_at + milliseconds(1);
    }
    return at;
  }

  void strike_anyone(milliseconds at) {
    const int target = up_to(options_.workers + options_.apis - 1);
    constexpr Blow kBlows[] = {Blow::kill,      Blow::kill,      Blow::kill,  Blow::kill,
                               Blow::terminate, Blow::terminate, Blow::freeze};
    strike(at, kBlows[up_to(static_cast<int>(std::size(kBlows)) - 1)], target);
  }

  void strike(milliseconds at, Blow blow, int target) {
    const bool worker = target < options_.workers;
    const int first = worker ? 0 : options_.workers;
    const int last = worker ? options_.workers : options_.workers + options_.apis;
    const milliseconds mended = while_redis_runs(at + (blow == Blow::freeze ? kFreeze : up_to(kLongestAbsence)));
    if (!is_free(target, at) || count_free(first, last, at) < 2 || mended > end_) return;
    busy_until_[static_cast<std::size_t>(target)] = mended + kRest;
    plan_.push_back({at, mended, blow, static_cast<std::size_t>(target)});
  }

  const ChaosOptions options_;
  const milliseconds end_;
  std::mt19937 random_;
  std::vector<milliseconds> busy_until_;
  std::vector<Mischief> plan_;
};

}  // namespace

ChaosOptions ChaosOptions::from_environment() {
  ChaosOptions options;
  options.duration = seconds(number("OTTOBOT_CHAOS_SECONDS", 60));
  options.sessions = number("OTTOBOT_CHAOS_SESSIONS", 40);
  options.seed =
      static_cast<std::uint32_t>(number("OTTOBOT_CHAOS_SEED", static_cast<int>(std::random_device{}() >> 1)));
  return options;
}

int ChaosOptions::prompts() const { return std::clamp(static_cast<int>(duration.count()) / 15, 2, 12); }

std::string to_string(Blow blow) {
  switch (blow) {
    case Blow::kill:
      return "kill -9";
    case Blow::terminate:
      return "SIGTERM";
    case Blow::freeze:
      return "SIGSTOP";
    case Blow::restart_redis:
      return "restart of Redis";
  }
  return "";
}

std::vector<Mischief> plan_chaos(const ChaosOptions& options) { return Planner(options).plan(); }

}  // namespace ottobot::integration
