// What we ask an engine to make: bodies of its create calls. Pure.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "containers/docker/engine.hpp"

namespace ottobot::containers {

inline constexpr const char* kContainerWorkspace = "/workspace";
inline constexpr const char* kContainerProgram = "/opt/ottobot/ottobot-sandboxd";
inline constexpr const char* kContainerProgramFolder = "/opt/ottobot";
inline constexpr const char* kUploadedProgram = "/ottobot-sandboxd";  // of a helper that brings it along
inline constexpr const char* kContainerRunDir = "/run/ottobot";
inline constexpr int kContainerPort = 8300;

inline constexpr const char* kNameLabel = "io.ottobot.name";
inline constexpr const char* kRoleLabel = "io.ottobot.role";  // only of what is no sandbox itself

// Folders of this host that the container sees.
struct HostFolders {
  std::string workspace, run_dir, sandboxd;
};

struct ContainerPlan {
  std::string image;
  uid_t uid = 1000;
  gid_t gid = 1000;
  LabelMap labels;
  std::map<std::string, std::string> env;  // of the caller
  std::string token;
  SandboxLimits limits;
  bool desktop = true;
  bool gives_scratch_away = true;  // the engine can mount memory for another user than root
  std::string network;             // "none", or a network's name
  // Without them the workspace is a volume, the program is in another, and the endpoint is a published port.
  std::optional<HostFolders> folders;
  std::string workspace_volume;
  std::string publish_at;  // address of the engine's host; empty = all of them
};
Json container_spec(const ContainerPlan& plan);

// A container that runs our program once, as root with at most one capability.
struct HelperPlan {
  std::string image;
  LabelMap labels;
  std::vector<std::string> arguments;
  std::string capability;               // "NET_ADMIN"; empty = none
  std::string network = "none";         // "container:ID": that of another container; "host": the machine's
  std::string volumes_from;             // the container whose volumes it sees, at the same places; empty = none
  bool brings_program = false;          // it is put into its root, instead of being in those volumes
  std::optional<std::string> sandboxd;  // on this host; instead of both
};
Json helper_spec(const HelperPlan& plan);

Json network_spec(const std::string& name, const LabelMap& labels);

}  // namespace ottobot::containers
