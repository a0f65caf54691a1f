// sandbox.json of a container: what the engine does not keep for us.
#pragma once

#include <string>
#include <vector>

#include "containers/docker/engine.hpp"
#include "ottobot/clock.hpp"

namespace ottobot::containers {

struct DockerRecord {
  std::string name;
  LabelMap labels;
  std::string token;
  std::string image;
  UnixMillis created_at = 0;
  uid_t uid = 0;
  bool in_folders = true;      // workspace and socket are folders of this host
  std::string endpoint_url;    // empty until it is known
  std::string confined_start;  // the start (ContainerFacts::started_at) after which its network was confined
  std::vector<std::string> warnings;
};

Json to_json(const DockerRecord& record);
// Errors: data_loss.
Result<DockerRecord> docker_record_from_json(const Json& json);

// Errors of both: data_loss (damaged), not_found (none), else from errno. The file is for its owner only.
Result<DockerRecord> load_docker_record(const std::string& path);
Result<void> save_docker_record(const std::string& path, const DockerRecord& record);

}  // namespace ottobot::containers
