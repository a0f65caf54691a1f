#include "integration/chaos_remains.hpp"

#include <fstream>
#include <regex>
#include <sstream>

#include "net/raw_client.hpp"

namespace ottobot::integration {

SessionRemains::SessionRemains(ChaosService& service, const std::string& session_id)
    : sandbox_(service.data_dir(), session_id) {
  const Json row = parse_json(service.insist("GET", "/session/" + session_id, 200, 404).body).value_or(Json());
  for (const char* name : {"vnc_port", "mcp_port"}) {
    if (const auto port = get_int(row, name); port > 0) ports_.push_back(static_cast<int>(port));
  }
}

std::vector<std::string> SessionRemains::found() const {
  std::vector<std::string> found = sandbox_.remains();
  for (const pid_t pid : sandbox_.processes()) {
    std::ifstream stat("/proc/" + std::to_string(pid) + "/stat");
    std::string line;
    std::getline(stat, line);
    found.push_back("process " + line.substr(0, 40));
  }
  for (const int port : ports_) {
    if (net::test::RawClient(port).connected()) found.push_back("port " + std::to_string(port));
  }
  return found;
}

std::vector<std::string> stray_keys(const testing::RedisServer& redis) {
  static const std::regex kMayStay(
      "ottobot:(meta|queues|probe|key:[0-9a-f]+|\\{\\d+\\}:(counts|turns)|\\{workers\\}:(records|until)|"
      "ports:\\{[^}]*\\}:pool:\\w+(:released)?)");
  // For a while, for those who still read it.
  static const std::regex kMayStayAWhile("ottobot:(\\{\\d+\\}:removed:.*|queue:\\{[^}]*\\}:(drained|forgotten))");
  const auto runs_out = [&](const std::string& key) { return redis.cli({"ttl", key}).rfind("-1", 0) != 0; };
  std::vector<std::string> strays;
  std::istringstream keys(redis.cli({"--scan"}));
  for (std::string key; std::getline(keys, key);) {
    if (key.empty() || std::regex_match(key, kMayStay)) continue;
    if (!std::regex_match(key, kMayStayAWhile) || !runs_out(key)) strays.push_back(key);
  }
  return strays;
}

}  // namespace ottobot::integration
