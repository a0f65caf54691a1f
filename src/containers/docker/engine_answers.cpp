// From the engine's JSON to our values.
#include <algorithm>

#include "containers/common/record_json.hpp"
#include "containers/docker/engine.hpp"

namespace ottobot::containers {
namespace {

const Json& member(const Json& object, const char* key) {
  static const Json kNothing;
  const Json* found = find_member(object, key);
  return found != nullptr ? *found : kNothing;
}

std::string without_slash(std::string name) {
  if (!name.empty() && name.front() == '/') name.erase(0, 1);
  return name;
}

SandboxState state_named(const std::string& name) {
  if (name == "running") return SandboxState::running;
  if (name == "paused") return SandboxState::paused;
  if (name == "restarting") return SandboxState::starting;
  return SandboxState::exited;  // created, exited, dead, removing
}

std::string reason_of_end(const Json& state) {
  if (get_string(state, "Status") != "exited" && get_string(state, "Status") != "dead") return {};
  std::string reason = "exit code " + std::to_string(get_int(state, "ExitCode"));
  if (get_bool(state, "OOMKilled")) reason += ", out of memory";
  if (const auto error = get_string(state, "Error"); !error.empty()) reason += ", " + error;
  return reason;
}

std::string published_port(const Json& ports) {
  if (!ports.is_object()) return {};
  for (const auto& [inner, outer] : ports.items()) {
    if (outer.is_array() && !outer.empty()) return get_string(outer.front(), "HostPort");
  }
  return {};
}

std::uint64_t positive(const Json& object, const char* key) {
  return static_cast<std::uint64_t>(std::max<std::int64_t>(0, get_int(object, key)));
}

}  // namespace

ContainerFacts container_facts(const Json& inspected) {
  const Json& state = member(inspected, "State");
  const Json& config = member(inspected, "Config");
  ContainerFacts facts;
  facts.id = get_string(inspected, "Id");
  facts.name = without_slash(get_string(inspected, "Name"));
  facts.state = state_named(get_string(state, "Status"));
  facts.pid = static_cast<pid_t>(get_int(state, "Pid"));
  facts.started_at = get_string(state, "StartedAt");
  facts.ended_because = reason_of_end(state);
  facts.labels = strings_from_json(find_member(config, "Labels"));
  facts.env = texts_from_json(find_member(config, "Env"));
  facts.published = published_port(member(member(inspected, "NetworkSettings"), "Ports"));
  return facts;
}

ContainerFacts listed_facts(const Json& listed) {
  ContainerFacts facts;
  facts.id = get_string(listed, "Id");
  const auto names = texts_from_json(find_member(listed, "Names"));
  if (!names.empty()) facts.name = without_slash(names.front());
  facts.state = state_named(get_string(listed, "State"));
  facts.labels = strings_from_json(find_member(listed, "Labels"));
  return facts;
}

NetworkFacts network_facts(const Json& network) {
  NetworkFacts facts;
  facts.id = get_string(network, "Id");
  facts.name = get_string(network, "Name");
  facts.labels = strings_from_json(find_member(network, "Labels"));
  const Json& configs = member(member(network, "IPAM"), "Config");
  if (configs.is_array()) {
    for (const auto& config : configs) {
      if (const auto subnet = get_string(config, "Subnet"); !subnet.empty()) facts.subnets.push_back(subnet);
      if (const auto gateway = get_string(config, "Gateway"); !gateway.empty()) facts.gateways.push_back(gateway);
    }
  }
  return facts;
}

// As `docker stats` counts: the page cache that can be dropped is not what the sandbox needs.
SandboxStats stats_from_json(const Json& stats) {
  const Json& memory = member(stats, "memory_stats");
  const Json& details = member(memory, "stats");
  SandboxStats result;
  const std::uint64_t usage = positive(memory, "usage");
  const bool is_v1 = find_member(details, "total_inactive_file") != nullptr;
  const std::uint64_t cache = positive(details, is_v1 ? "total_inactive_file" : "inactive_file");
  result.memory_bytes = usage > cache ? usage - cache : usage;
  result.cpu_time_us = positive(member(member(stats, "cpu_stats"), "cpu_usage"), "total_usage") / 1000;
  result.processes = positive(member(stats, "pids_stats"), "current");
  return result;
}

}  // namespace ottobot::containers
