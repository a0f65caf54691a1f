// DOCKER_HOST and its companions, read as docker's own client reads them. Pure.
#pragma once

#include <string>

#include "ottobot/containers/docker.hpp"

namespace ottobot::containers {

struct EngineAddress {
  std::string shown;                         // for people: "unix:///var/run/docker.sock"
  std::string socket_path;                   // unix
  std::string base_url;                      // tcp: "https://host:2376"
  std::string host;                          // tcp: its host alone
  std::string ca_file, cert_file, key_file;  // tcp with TLS

  bool is_unix() const { return !socket_path.empty(); }
};

// Errors: invalid_argument, unsupported (ssh://).
Result<EngineAddress> parse_engine_address(const DockerEngineOptions& options);

}  // namespace ottobot::containers
