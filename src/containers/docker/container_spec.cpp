#include "containers/docker/container_spec.hpp"

#include <cmath>

namespace ottobot::containers {
namespace {

constexpr const char* kHome = "/home/developer";
constexpr double kNanosPerCpu = 1e9;
// Scratch is memory, and what fills it to the brim must leave some: a sandbox whose daemon cannot get a page is lost.
constexpr std::uint64_t kEighthsOfTmp = 3, kEighthsOfHome = 3, kEighthsOfSharedMemory = 1;
// Given explicitly: Podman's own may be more than it may itself set. The second counts all of the user's processes on
// the engine's machine; PidsLimit is what bounds one sandbox.
constexpr std::uint64_t kOpenFiles = 16'384, kProcessesOfUser = 32'768;

// Where the image has that folder, runtimes put its mode in the place of ours.
std::string scratch(const ContainerPlan& plan, std::uint64_t eighths) {
  std::string options = "rw,exec,nosuid,nodev,mode=1777,size=" + std::to_string(plan.limits.memory_bytes / 8 * eighths);
  if (plan.gives_scratch_away) options += ",uid=" + std::to_string(plan.uid) + ",gid=" + std::to_string(plan.gid);
  return options;
}

Json bind(const std::string& source, const char* target, bool read_only) {
  return {{"Type", "bind"}, {"Source", source}, {"Target", target}, {"ReadOnly", read_only}};
}

Json volume(const std::string& name, const char* target) {
  return {{"Type", "volume"}, {"Source", name}, {"Target", target}};
}

// Nothing of the image may come to be in it, nor be said by the image about who may write there.
Json program_volume() {
  return {{"Type", "volume"}, {"Target", kContainerProgramFolder}, {"VolumeOptions", {{"NoCopy", true}}}};
}

Json mounts(const ContainerPlan& plan) {
  if (!plan.folders) return {volume(plan.workspace_volume, kContainerWorkspace), program_volume()};
  return {bind(plan.folders->workspace, kContainerWorkspace, false),
          bind(plan.folders->run_dir, kContainerRunDir, false), bind(plan.folders->sandboxd, kContainerProgram, true)};
}

Json scratch_mounts(const ContainerPlan& plan) {
  Json tmpfs = {{"/tmp", scratch(plan, kEighthsOfTmp)}, {kHome, scratch(plan, kEighthsOfHome)}};
  if (!plan.folders) tmpfs[kContainerRunDir] = scratch(plan, kEighthsOfSharedMemory);
  return tmpfs;
}

// Ours, then the caller's, then the token.
Json environment(const ContainerPlan& plan) {
  std::map<std::string, std::string> all = {{"HOME", kHome}, {"USER", "developer"}};
  for (const auto& [name, value] : plan.env) all[name] = value;
  all["OTTOBOT_SANDBOX_TOKEN"] = plan.token;
  Json list = Json::array();
  for (const auto& [name, value] : all) list.push_back(name + "=" + value);
  return list;
}

std::string port_key() { return std::to_string(kContainerPort) + "/tcp"; }

Json limit(const char* name, std::uint64_t count) { return {{"Name", name}, {"Soft", count}, {"Hard", count}}; }

// What every container of ours has, whatever it is for.
Json common_host_config() {
  return {{"ReadonlyRootfs", true},
          {"Privileged", false},
          {"CapDrop", {"ALL"}},
          {"SecurityOpt", {"no-new-privileges"}},
          {"RestartPolicy", {{"Name", "no"}}},
          {"IpcMode", "private"},
          {"LogConfig", {{"Type", "json-file"}, {"Config", {{"max-size", "4m"}, {"max-file", "1"}}}}},
          {"Ulimits", {limit("nofile", kOpenFiles), limit("nproc", kProcessesOfUser)}}};
}

Json host_config(const ContainerPlan& plan) {
  Json config = common_host_config();
  if (plan.limits.disk_bytes > 0) config["Ulimits"].push_back(limit("fsize", plan.limits.disk_bytes));
  config["Mounts"] = mounts(plan);
  config["Tmpfs"] = scratch_mounts(plan);
  config["Memory"] = plan.limits.memory_bytes;
  config["MemorySwap"] = plan.limits.memory_bytes;  // memory and swap together: no swap
  config["NanoCpus"] = std::llround(plan.limits.cpus * kNanosPerCpu);
  config["PidsLimit"] = plan.limits.pids;
  config["ShmSize"] = plan.limits.memory_bytes / 8 * kEighthsOfSharedMemory;
  config["NetworkMode"] = plan.network;
  if (!plan.folders) config["PortBindings"] = {{port_key(), {{{"HostIp", plan.publish_at}, {"HostPort", ""}}}}};
  return config;
}

}  // namespace

Json container_spec(const ContainerPlan& plan) {
  const std::string listen = plan.folders ? std::string("unix:") + kContainerRunDir + "/sandboxd.sock"
                                          : "0.0.0.0:" + std::to_string(kContainerPort);
  Json spec = {
      {"Image", plan.image},
      {"User", std::to_string(plan.uid) + ":" + std::to_string(plan.gid)},
      {"Hostname", "ottobot"},
      {"WorkingDir", kContainerWorkspace},
      {"Entrypoint", {kContainerProgram}},
      {"Cmd", {"--workspace", kContainerWorkspace, "--listen", listen, "--desktop", plan.desktop ? "auto" : "off"}},
      {"Env", environment(plan)},
      {"Labels", plan.labels},
      {"StopSignal", "SIGTERM"},
      {"Healthcheck", {{"Test", {"NONE"}}}},
      {"HostConfig", host_config(plan)}};
  if (!plan.folders) spec["ExposedPorts"] = {{port_key(), Json::object()}};
  return spec;
}

Json helper_spec(const HelperPlan& plan) {
  Json config = common_host_config();
  if (!plan.capability.empty()) config["CapAdd"] = {plan.capability};
  config["NetworkMode"] = plan.network;
  if (plan.sandboxd) config["Mounts"] = Json::array({bind(*plan.sandboxd, kContainerProgram, true)});
  if (!plan.volumes_from.empty()) config["VolumesFrom"] = Json::array({plan.volumes_from});
  if (plan.brings_program) config["ReadonlyRootfs"] = false;  // engines take nothing into one that is
  return {{"Image", plan.image},
          {"User", "0:0"},
          {"Entrypoint", {plan.brings_program ? kUploadedProgram : kContainerProgram}},
          {"Cmd", plan.arguments},
          {"Labels", plan.labels},
          {"Healthcheck", {{"Test", {"NONE"}}}},
          {"HostConfig", config}};
}

Json network_spec(const std::string& name, const LabelMap& labels) {
  return {{"Name", name},
          {"Driver", "bridge"},
          {"CheckDuplicate", true},
          {"EnableIPv6", false},
          {"Options", {{"com.docker.network.bridge.enable_icc", "false"}}},
          {"Labels", labels}};
}

}  // namespace ottobot::containers
