#include "integration/chaos_service.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <iomanip>
#include <iostream>
#include <sstream>
#include <thread>

#include "ottobot/testing/results.hpp"

namespace ottobot::integration {
namespace {

constexpr std::chrono::seconds kCall{5};
constexpr std::chrono::seconds kInsist{60};
constexpr std::chrono::seconds kEnd{20};
constexpr std::chrono::milliseconds kPause{100};
constexpr int kFirstPort = 20000, kLastPort = 32000;  // below those that the kernel gives away

// For each session one, and some more for those whose former ports are not free yet. Runs side by side have others.
Environment port_ranges(int sessions) {
  const int of_a_kind = sessions + 20;
  const int runs = std::max(1, (kLastPort - kFirstPort) / (2 * of_a_kind));
  const int first = kFirstPort + static_cast<int>(::getpid() % runs) * 2 * of_a_kind;
  return {{"VNC_PORT_RANGE_START", std::to_string(first)},
          {"VNC_PORT_RANGE_END", std::to_string(first + of_a_kind - 1)},
          {"MCP_PORT_RANGE_START", std::to_string(first + of_a_kind)},
          {"MCP_PORT_RANGE_END", std::to_string(first + 2 * of_a_kind - 1)}};
}

}  // namespace

ChaosService::ChaosService(const Json& scenario, const ChaosOptions& options, const Environment& settings)
    : options_(options), http_(testing::value_of(net::make_http_client())), random_(options.seed) {
  redis_.emplace(std::vector<std::string>{"--appendonly", "yes", "--appendfsync", "everysec"});
  for (int n = 0; n < options.workers + options.apis; ++n) {
    Environment all = port_ranges(options.sessions);
    all["MODE"] = n < options.workers ? "worker" : "api";
    all["OTTOBOT_STORE"] = "redis";
    all["OTTOBOT_MAX_SESSIONS_PER_USER"] = std::to_string(options.sessions);
    all["REDIS_URL"] = "unix:" + redis_->socket();
    all["OTTOBOT_CLUSTER_SECRET"] = "the-same-for-all-processes";
    for (const auto& [name, value] : settings) all[name] = value;
    if (n > 0) {  // with the first one's files
      all["OTTOBOT_DATA_DIR"] = data_dir().string();
      all["LLM_MODEL"] = "scripted:" + (data_dir().parent_path() / "scenario.json").string();
    }
    processes_.push_back(n == 0 ? std::make_unique<ServerProcess>(scenario, all)
                                : std::make_unique<ServerProcess>(all));
  }
}

std::string ChaosService::describe(const Mischief& mischief) const {
  std::ostringstream text;
  text << std::fixed << std::setprecision(1) << std::chrono::duration<double>(mischief.at).count()
       << " s: " << to_string(mischief.blow);
  if (mischief.blow != Blow::restart_redis) {
    const auto n = mischief.target;
    text << (is_api(n) ? " of API server " : " of worker ")
         << (is_api(n) ? n - static_cast<std::size_t>(options_.workers) : n) + 1;
  }
  text << ", for " << std::chrono::duration<double>(mischief.mended_at - mischief.at).count() << " s";
  return text.str();
}

// An API server ends first, and deletes the sessions that are left while there are workers.
ChaosService::~ChaosService() {
  while (!processes_.empty()) processes_.pop_back();
}

bool ChaosService::start() {
  for (const auto& process : processes_) {
    const auto started = process->start();
    EXPECT_TRUE(started) << started.error().to_string();
    if (!started) return false;
  }
  publish_ports();
  return true;
}

void ChaosService::carry_out(const std::vector<Mischief>& plan) {
  struct Step {
    std::chrono::milliseconds at;
    std::function<void()> act;
  };
  std::vector<Step> steps;
  for (const Mischief& mischief : plan) {
    steps.push_back({mischief.at, [this, mischief] { strike(mischief); }});
    steps.push_back({mischief.mended_at, [this, mischief] { mend(mischief); }});
  }
  std::stable_sort(steps.begin(), steps.end(), [](const Step& a, const Step& b) { return a.at < b.at; });
  const auto begin = std::chrono::steady_clock::now();
  for (const Step& step : steps) {
    std::this_thread::sleep_until(begin + step.at);
    step.act();
  }
  std::cout << "carried out in " << std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count()
            << " s\n";
}

void ChaosService::strike(const Mischief& mischief) {
  ++strokes_;
  std::cout << describe(mischief) << std::endl;
  {
    std::lock_guard lock(mutex_);
    ++count_by_blow_[mischief.blow];
  }
  ServerProcess& process = *processes_[mischief.target];
  switch (mischief.blow) {
    case Blow::kill:
      process.kill9();
      break;
    case Blow::terminate: {
      const auto ended = process.terminate(kEnd);
      EXPECT_TRUE(ended && ended->code == 0) << "it does not end well\n" << process.log();
      if (!ended) process.kill9();
      break;
    }
    case Blow::freeze:
      return process.freeze();
    case Blow::restart_redis:
      return redis_->end();
  }
  publish_ports();
}

void ChaosService::mend(const Mischief& mischief) {
  if (mischief.blow == Blow::restart_redis) return redis_->start();
  ServerProcess& process = *processes_[mischief.target];
  if (mischief.blow == Blow::freeze) return process.thaw();
  const auto started = process.start();
  EXPECT_TRUE(started) << started.error().to_string();
  publish_ports();
}

void ChaosService::publish_ports() {
  std::vector<int> ports;
  for (std::size_t n = 0; n < processes_.size(); ++n) {
    if (is_api(n) && processes_[n]->is_running()) ports.push_back(processes_[n]->port());
  }
  std::lock_guard lock(mutex_);
  api_ports_ = std::move(ports);
}

int ChaosService::some_api_port() {
  std::lock_guard lock(mutex_);
  if (api_ports_.empty()) return 0;
  return api_ports_[std::uniform_int_distribution<std::size_t>(0, api_ports_.size() - 1)(random_)];
}

net::HttpResponse ChaosService::ask(const std::string& method, const std::string& path, const Json& body,
                                    const net::Headers& headers) {
  net::HttpRequest request;
  request.method = method;
  request.url = "http://127.0.0.1:" + std::to_string(some_api_port()) + path;
  request.headers = headers;
  if (!body.is_null()) {
    request.headers.set("Content-Type", "application/json");
    request.body = dump_json(body);
  }
  return http_->fetch(request, with_timeout(kCall)).value_or(net::HttpResponse{});
}

net::HttpResponse ChaosService::insist(const std::string& method, const std::string& path, int status, int or_status,
                                       const Json& body, const net::Headers& headers) {
  net::HttpResponse answer;
  const auto ctx = with_timeout(kInsist);
  while (ctx.check()) {
    answer = ask(method, path, body, headers);
    if (answer.status == status || answer.status == or_status) break;
    std::this_thread::sleep_for(kPause);
  }
  return answer;
}

std::map<Blow, int> ChaosService::count_by_blow() const {
  std::lock_guard lock(mutex_);
  return count_by_blow_;
}

std::string ChaosService::logs() const {
  std::string all;
  for (const auto& process : processes_) all += "--- " + process->url() + "\n" + process->log();
  return all;
}

}  // namespace ottobot::integration
